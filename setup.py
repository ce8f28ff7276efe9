"""Where the packages are: the folders of the top level install as parts of `swope`, and nothing else does.

All other metadata stands in pyproject.toml. (Links in `swope/` show the same layout to mypy and to editors.)
"""

from setuptools import find_packages, setup

ROOMS = ("pipeline", "models", "flows")

setup(
    packages=["swope", *(f"swope.{name}" for name in find_packages(include=[f"{room}*" for room in ROOMS]))],
    package_dir={"swope": "swope", **{f"swope.{room}": room for room in ROOMS}},
)
