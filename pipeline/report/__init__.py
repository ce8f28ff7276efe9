"""The report of a run: a page that opens from disk, offline; and the pictures and words of one star.

Imported from its modules, of which `detail` alone is quick to import.
"""
