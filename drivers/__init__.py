"""The hardware of the till: codecs, transports, one thread a device, and simulators of it all."""
