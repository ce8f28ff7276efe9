from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.labels import ambiguity, match, read_labels
from swope.pipeline.vsx import SURVEY_NAMES, TYPES, alternatives, ancestors, either, is_a, is_parent, lineage, vsx_type
from tests.real_data import real_data


def written(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return path


def test_types_are_one_tree():
    for name, one in TYPES.items():
        assert one.name == name
        assert one.parent is None or one.parent in TYPES
        assert len(set(ancestors(name))) == len(ancestors(name))
        assert one.description


def test_every_survey_name_leads_to_a_type():
    for word, name in SURVEY_NAMES.items():
        assert word == " ".join(word.casefold().split())
        assert set(alternatives(name)) <= set(TYPES)
        assert vsx_type(name) == name


def test_types_fold_to_distinct_names():
    assert len({name.casefold() for name in TYPES}) == len(TYPES)
    assert all(vsx_type(name.lower()) == name for name in TYPES)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("RRab", "RRAB"),
        ('"RR Lyrae, Fundamental Mode"', "RRAB"),
        ("  W_Ursae_Maj ", "EW"),
        ("Close Binary Eclipsing Systems", "E"),
        ("SN?", None),
        ("CV/AGN", None),
        ("EW/EB", "EB|EW"),
        ("ew | eb", "EB|EW"),
        ("E|EW", "E"),
        ("EW|", None),
        ("|", None),
        ("RRab/BL", "RRAB"),
        ("1O_20", "DCEP(B)"),
        ("F", None),
        ("", None),
    ],
)
def test_words_of_surveys(word, name):
    assert vsx_type(word) == name


@given(st.text())
def test_no_word_breaks_the_mapping(word):
    name = vsx_type(word)
    assert name is None or set(alternatives(name)) <= set(TYPES)


@given(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=4))
def test_an_open_choice_is_wider_than_what_it_leaves_open(names):
    choice = either(*names)
    assert vsx_type(choice) == choice
    assert all(is_a(name, choice) for name in names)
    assert all(is_a(choice, wider) for wider in ancestors(choice))
    assert set(ancestors(choice)[1:]) == {wider for wider in TYPES if wider != choice and is_a(choice, wider)}
    assert lineage(choice)[: len(ancestors(choice))] == ancestors(choice)


def test_modes_are_those_of_cepheids_beside_rr_lyrae(tmp_path):
    labels = read_labels(written(tmp_path, "id,class\na,F\nb,1O\nc,RRab\nd,2O\ne,F_10\n"))
    assert labels["class"].tolist() == ["DCEP", "DCEPS", "RRAB", "DCEPS", "DCEP(B)"]
    # a spectral type, or the modes of RR Lyrae: nobody can know
    alone = read_labels(written(tmp_path, "id,class\na,F\nb,1O\nc,G\n"))
    assert alone["class"].isna().all()


def test_hierarchy():
    assert is_a("CWB", "CEP")
    assert not is_a("CEP", "CWB")
    assert is_parent("E")
    assert not is_parent("EW")
    with pytest.raises(KeyError):
        ancestors("no such type")


@pytest.mark.parametrize("id_column", ["object_id", "ID", "name", "Name"])
@pytest.mark.parametrize("class_column", ["class", "type", "Label", "Classification"])
def test_generic_columns(tmp_path, id_column, class_column):
    labels = read_labels(written(tmp_path, f"{id_column},{class_column}\n0012,EW\n1e5,what?\n"))
    assert list(labels.columns) == ["object_id", "source", "class", "class_source", "period"]
    assert labels["object_id"].tolist() == ["0012", "1e5"]
    assert labels["class"].tolist() == ["EW", None]
    assert labels["class_source"].tolist() == ["EW", "what?"]
    assert labels["period"].isna().all()


def test_periods(tmp_path):
    labels = read_labels(written(tmp_path, "id,class,period\na,EW,0.5\nb,EW,\nc,EW,nan\nd,EW,-1\n"))
    np.testing.assert_array_equal(labels["period"], [0.5, np.nan, np.nan, np.nan])


def test_periods_alone_are_labels_too(tmp_path):
    labels = read_labels(written(tmp_path, "id,period\na,0.5\n"))
    assert labels["class"].tolist() == [None]
    assert labels["class_source"].tolist() == [None]


def test_repeated_stars_become_one_row(tmp_path):
    text = "id,class,period\na,EW,\nb,EA,1\na,EW,2\nb,EB,1\nb,EA,3\n"
    labels = read_labels(written(tmp_path, text)).set_index("object_id")
    assert labels.loc["a"].tolist() == [None, "EW", "EW", 2.0]
    assert labels.loc["b"].tolist() == [None, None, "EA | EB", 1.0]


@pytest.mark.parametrize("column", ["source", "File", "FILE"])
def test_rows_of_one_name_and_two_sources_are_two_stars(tmp_path, column):
    text = f"id,{column},class,period\n1,a.csv,EW,0.5\n1,b.csv,M,\n1,b.csv,M,300\n1,,EA,\n"
    labels = read_labels(written(tmp_path, text))
    assert labels["source"].tolist() == ["a.csv", "b.csv", None]
    assert labels["class"].tolist() == ["EW", "M", "EA"]
    np.testing.assert_array_equal(labels["period"], [0.5, 300.0, np.nan])


STARS = [("s/a.csv", "1"), ("s/b.csv", "1"), ("t/b.csv", "1"), ("s/a.csv", "2"), ("", "3"), ("mast:KIC 7", "KIC 7")]


@pytest.mark.parametrize(
    ("object_id", "source", "star", "ambiguous"),
    [
        ("1", "s/b.csv", 1, False),
        ("1", "a.csv", 0, False),
        ("1", "/home/me/t/b.csv", 2, False),
        ("1", "b.csv", -1, True),
        ("1", "", -1, True),
        ("1", "u/a.csv", -1, False),
        ("1", "xa.csv", -1, False),
        ("2", "", 3, False),
        ("2", "s/b.csv", -1, False),
        ("3", "", 4, False),
        ("3", "a.csv", -1, False),
        ("KIC 7", "mast:KIC 7", 5, False),
        ("4", "", -1, False),
    ],
)
def test_a_label_means_one_star_or_none(tmp_path, object_id, source, star, ambiguous):
    labels = read_labels(written(tmp_path, f"id,source,class\n{object_id},{source},EW\n"))
    found = match(labels, STARS)
    assert (found.star.tolist(), found.ambiguous.tolist()) == ([star], [ambiguous])
    said = ambiguity(labels, found)
    assert (said is not None and f"are left out: 1 ({object_id!r})" in said) == ambiguous


def test_two_labels_of_one_star_are_not_believed(tmp_path):
    labels = read_labels(
        written(tmp_path, "id,file,class\n2,s/a.csv,EW\n2,,M\n1,a.csv,EA\n1,s/a.csv,EB\n1,t/b.csv,M\n")
    )
    found = match(labels, STARS)
    assert found.star.tolist() == [-1, -1, -1, -1, 2]
    assert found.ambiguous.tolist() == [True, True, True, True, False]
    assert "are left out: 4 ('2', '1'); a column source" in ambiguity(labels, found)


FILES = st.sampled_from(["a.csv", "b.csv", "x/a.csv", "y/a.csv", "x/b.csv", "z/x/a.csv"])


@given(
    st.lists(st.tuples(FILES, st.sampled_from("12")), unique=True),
    st.lists(st.tuples(st.sampled_from("123"), FILES | st.none()), unique=True),
)
def test_no_star_has_two_labels_and_no_label_another_stars(stars, told):
    labels = pd.DataFrame(told, columns=["object_id", "source"]).astype(object)
    labels["source"] = labels["source"].where(labels["source"].notna(), None)
    found = match(labels, stars)
    taken = found.star[found.star >= 0]
    assert len(set(taken.tolist())) == len(taken)
    assert not (found.ambiguous & (found.star >= 0)).any()
    for (object_id, source), star, ambiguous in zip(told, found.star, found.ambiguous, strict=True):
        # oracle: compare whole components of the two paths, beginning with the last
        near = [
            s
            for s, name in stars
            if name == object_id
            and (source is None or f"/{s}".endswith(f"/{source}") or f"/{source}".endswith(f"/{s}"))
        ]
        if star >= 0:
            assert stars[star][1] == object_id
            assert stars[star][0] in near
            assert len(near) == 1 or stars[star][0] == source
        elif not ambiguous:
            assert not near
        if (source, object_id) in stars and not ambiguous:
            assert stars[star] == (source, object_id)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("star_name,class\na,EW\n", "no column for the star's name.*'star_name', 'class'"),
        ("id,colour\na,red\n", "neither a class .* nor a period.*'id', 'colour'"),
        ("id,class,period\na,EW,soon\n", "row 2: 'soon' in column 'period' is not a number"),
        ("", "not a comma-separated table"),
        ('a,"b\n1,2,3\n"c', "labels"),
    ],
)
def test_bad_tables_say_what_is_wrong(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read_labels(written(tmp_path, text))


def test_binary_file(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ValueError, match=r"labels\.csv"):
        read_labels(path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no label file"):
        read_labels(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("name", "stars", "classes", "periods"),
    [
        ("asas_acvs/labels.csv", 10419, 10, 6539),
        ("asas_training/labels.csv", 598, 27, 0),
        ("debosscher/labels.csv", 1051, 25, 0),
        ("s82_rrlyrae/labels.csv", 359, 2, 359),
        ("crts/labels.csv", 385, 6, 0),
        ("eros/objects.csv", 2912, 4, 2912),
    ],
)
def test_real_label_files(name, stars, classes, periods):
    labels = read_labels(real_data(name))
    assert len(labels) == stars
    assert labels["object_id"].is_unique
    assert labels["class"].nunique() == classes
    assert labels["period"].notna().sum() == periods


def test_eros_period_is_divided():
    labels = read_labels(real_data("eros/objects.csv")).set_index("object_id")
    assert labels.loc["135_9613", "period"] == pytest.approx(2.35495 / 7)
    assert labels.loc["135_9613", "class"] == "RR"
    assert labels.loc["135_9613", "class_source"] == "3.0"
    assert set(labels["class"]) == {"E", "DCEP", "RR", "M"}


def test_doubtful_transients_have_no_class():
    labels = read_labels(real_data("crts/labels.csv"))
    assert labels.loc[labels["class_source"].str.contains(r"[?/]"), "class"].isna().all()
