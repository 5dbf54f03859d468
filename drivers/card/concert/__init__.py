"""Concert V2 (E and E+): fixed-width records in an ENQ/STX/EOT link."""
