"""Registers and catalogues as documents: what archives print, bind, sign and hand over."""
