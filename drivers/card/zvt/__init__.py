"""ZVT 13.x: APDUs of bitmaps and TLV, bare on TCP or in DLE frames on a serial line."""
