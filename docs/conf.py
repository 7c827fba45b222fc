"""The documentation site. Its source folder is the repository: each page stays where it is, and GitHub shows it too."""

from __future__ import annotations

import os
import re
from importlib.metadata import version as version_of
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.inspect import signature as signature_of
from sphinx.util.inspect import stringify_signature

ROOT = Path(__file__).parents[1]
CARDS = {
    "bundles/brain_mri_scse_segmentation/docs/README": "The brain bundle: model card",
    "bundles/wholebody_ct_scse_segmentation/docs/README": "The CT bundle: model card",
}

project = "monai_scse"
author = "monai_scse developers"
copyright = author
version = release = version_of("monai-scse")

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "results/**.md",
    "bundles/*/docs/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
]
exclude_patterns = ["docs/_build", "docs/examples"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["templates"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 5  # as GitHub names them
copybutton_exclude = ".linenos, .gp, .go"

add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Shape", "notes_style")]

# make docs runs the scripts. A test of the site leaves them out by -D plot_gallery=0, others run them in a short form
sphinx_gallery_conf = {
    "examples_dirs": "docs/examples/gallery",
    "gallery_dirs": "docs/gallery",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "reference_url": {"monai_scse": None},
    "thumbnail_size": (400, 240),
}

html_theme = "pydata_sphinx_theme"
html_title = "monai_scse"
html_baseurl = os.environ.get("SITE_URL", "")  # the workflow docs.yml sets it
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_additional_pages = {"index": "redirect.html"}  # the first page lies in docs/
html_sidebars = {"docs/index": [], "CHANGELOG": [], "search": []}
html_theme_options = {
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "show_prev_next": True,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}


def _link_gallery(app, docname, source) -> None:
    """Links to the gallery and its scripts, which GitHub opens, lead to their pages."""
    source[0] = re.sub(r"examples/gallery/(\w+)\.py\)", r"gallery/\1.rst)", source[0])
    source[0] = source[0].replace("examples/gallery)", "gallery/index.rst)")


def _name_folders(app, doctree) -> None:
    """Turn links to folders of the repository, which GitHub opens, into their names."""
    folder = (ROOT / app.env.docname).parent
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link["reftype"] == "myst" and (folder / link["reftarget"]).is_dir():
            link.replace_self(nodes.literal("", link.astext()))


def _escape_star(app, what, name, obj, options, lines) -> None:
    """Shapes such as (batch, C, *spatial) are no emphasis."""
    lines[:] = [line.replace(", *", r", \*") for line in lines]


def _title_card(app, docname, source) -> None:
    """Give a model card, which has the three titles of MONAI's form, one title."""
    if docname in CARDS:
        source[0] = f"# {CARDS[docname]}\n\n" + re.sub(r"^#", "##", source[0], flags=re.MULTILINE)


def _signature_of_init(app, what, name, obj, options, signature, returns):
    """The arguments of a transform: MONAI's base class has a ``__new__`` that takes any."""
    if what == "class" and signature == "(*args, **kwargs)":
        arguments = signature_of(obj.__init__, bound_method=True)
        return stringify_signature(arguments, show_return_annotation=False, unqualified_typehints=True), None
    return None


def setup(app) -> None:
    """Connect what Sphinx calls while it reads the pages."""
    app.connect("autodoc-process-docstring", _escape_star)
    app.connect("autodoc-process-signature", _signature_of_init)
    app.connect("source-read", _title_card)
    app.connect("source-read", _link_gallery)
    app.connect("doctree-read", _name_folders)
