"""Between the till's ports and the packages that know the hardware and the network."""
