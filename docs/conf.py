"""Settings of the documentation: `make docs` builds it, without a network."""

from swope.pipeline.version import VERSION

project = "Swope"
author = "the authors of Swope"
version = release = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "From light curves to a catalog", "page_width": "1100px", "sidebar_width": "250px"}
html_show_sourcelink = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "description"
napoleon_google_docstring = False
napoleon_use_rtype = False
# the docstrings say types in words
suppress_warnings = ["myst.xref_missing", "ref.python"]
