import subprocess
import sys

import pytest

#: What a column of pandas becomes: with gaps, of words, of dates.
_SERIES = (
    "import pandas as pd, pyarrow as pa; "
    "columns = [pd.Series([1, None]), pd.Series(['a', None]), pd.Series(pd.to_datetime(['2026-01-01', None]))]; "
    "print([(str(one.type), one.to_pylist()) for one in map(pa.array, columns)]); "
    "print(pa.Table.from_pandas(pd.DataFrame({'a': columns[0]})).column('a').null_count)"
)


def said_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_process_of_swope_does_not_wait_for_pandas() -> None:
    code = (
        # a flow keeps Arrow from it when it is called: not before
        "import sys, swope.flows.nightly, swope.flows.arrow; swope.flows.arrow.without_pandas(); "
        "import pyarrow as pa; pa.array([1.0]); pa.array(['a', None]); import pyarrow.dataset; "
        "print('pandas' in sys.modules)"
    )
    assert said_by(code) == "False\n"


def test_arrow_knows_pandas_as_soon_as_somebody_imports_it() -> None:
    alone = "from swope.flows.arrow import without_pandas; without_pandas(); "
    assert said_by(alone + _SERIES) == said_by(_SERIES)


def test_pandas_that_is_there_already_stays_known() -> None:
    code = "import pandas; from swope.flows.arrow import without_pandas; without_pandas(); "
    assert said_by(code + _SERIES) == said_by(_SERIES)


@pytest.mark.parametrize("place", ["module.__loader__", "module.__spec__.loader"])
def test_pandas_is_loaded_by_its_own_loader(place: str) -> None:
    name = f"import pandas as module; print(type({place}).__name__)"
    assert said_by(f"from swope.flows.arrow import without_pandas; without_pandas(); {name}") == said_by(name)


def test_to_ask_again_changes_nothing() -> None:
    # a command asks, and so does each flow that it calls
    asked = "import sys; from swope.flows.arrow import without_pandas; without_pandas(); n = len(sys.meta_path); "
    again = "without_pandas(); without_pandas(); print(len(sys.meta_path) - n); "
    assert said_by(asked + again + _SERIES) == "0\n" + said_by(_SERIES)
