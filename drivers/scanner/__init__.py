"""Barcode scanners: telling a scan from typing, and reading what it carries.  Pure."""
