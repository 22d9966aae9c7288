"""Commands of the library, which the command `lake` finds as entry points."""
