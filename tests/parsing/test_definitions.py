"""A definition file is read whole, or refused with file, line and key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clerk_logscan.parsing.definitions import COLUMN_KINDS, DefinitionError, Source
from clerk_logscan.parsing.library import Library, folder, load, load_definitions, parse

ROOT = Path(__file__).parent.parent.parent
GOOD = """\
title = "Ours"
vendor = "https://docs.example/"
grammar = "template"
templates = ['$time_iso8601 $remote_addr "$request" $status $upstream_addr']
"""


def test_well_known_variables_need_no_columns() -> None:
    definition = parse(GOOD, "ours")
    assert definition.columns["timestamp"] == (Source(("time_iso8601",), "iso8601"),)
    assert definition.columns["request"] == (Source(("request",), "request"),)
    assert {"remote_addr", "upstream_addr"} <= definition.fields
    assert [evidence.shows for evidence in definition.evidence] == ["undetermined", "not-forwarded", "not-forwarded"]


def test_a_format_whose_only_path_is_normalised_names_the_field() -> None:
    assert parse(GOOD.replace('"$request"', "$uri"), "ours").hidden_by == "$uri"
    assert parse(GOOD.replace('"$request"', '"$request" $uri'), "ours").hidden_by is None


def test_what_a_file_says_of_a_column_wins_over_what_its_variable_means() -> None:
    definition = parse(
        GOOD + '[columns]\ntimestamp = ["status:epoch-s", "time_iso8601 + status:strftime(%F %H:%M)"]\n', "ours"
    )
    assert definition.columns["timestamp"] == (
        Source(("status",), "epoch-s"),
        Source(("time_iso8601", "status"), "strftime(%F %H:%M)"),
    )


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("templates", "patterns"), 4, "patterns: no such key"),
        (('"template"', '"regex"'), 3, "grammar: 'regex' is none of template, w3c, json"),
        (("title = ", "name = "), 1, "name: no such key"),
        (('"Ours"', '"Ours'), None, "not TOML: Illegal character"),
        (("", '[columns]\nhots = "status"\n'), 6, "columns.hots: no such column"),
        (("", '[columns]\nhost = "server"\n'), 6, "columns.host: no template has a variable $server"),
        (("", '[columns]\nhost = "status:hots"\n'), 6, "columns.host: no such kind: hots"),
        (("", 'missing = 3\n'), 5, "missing: must be a text or a list of texts"),
        (("", 'best_effort = "yes"\n'), 5, "best_effort: must be true or false"),
        (("", 'hop = "front"\n'), 5, "hop: 'front' is none of edge"),
        (("", "[shapes]\nstatus = '('\n"), 6, "shapes.status: not a regular expression"),
        (("", "[shapes]\nstatus = '(a)'\n"), 6, "shapes.status: must be a regular expression without capturing groups"),
        (("", "[shapes]\nstatus = '(?=a)a'\n"), 6, "shapes.status: (?= is beyond the regular expressions of polars"),
        (("", '[[evidence]]\nwhen = {}\nshows = "forwarded"\nreason = ""\n'), 5, "evidence[0]: must be a table"),
        (("", '[[evidence]]\nwhen = { status = "1" }\n'), 5, "evidence[0]: must have when, shows and reason"),
        (("", '[[evidence]]\nwhen = { status = { like = "1" } }\nshows = "forwarded"\nreason = ""'), 5, "like"),
        (("[\'$time_iso8601 $remote_addr \"$request\" $status $upstream_addr\']", "['plain']"), 4, "names no variable"),
        (('"$request"', "x"), None, "nothing gives the request target"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, change: tuple[str, str], line: int | None, words: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(GOOD.replace(*change) if change[0] else GOOD + change[1])
    with pytest.raises(DefinitionError) as caught:
        load(path)
    message = str(caught.value)
    assert words in message and str(path) in message and "\n" not in message
    if line:
        assert message.startswith(f"{path}:{line}: ")


def test_a_bad_sample_is_named_when_samples_are_asked_for() -> None:
    definition = parse(GOOD + "[[samples]]\nexpect = 3\n", "ours", "ours.toml")
    with pytest.raises(DefinitionError, match=r"ours\.toml:5: samples\[0\]: must have a line"):
        _ = definition.samples


def test_a_library_knows_names_with_either_dash_and_reads_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "our-edge.toml"
    path.write_text(GOOD)
    library = load_definitions([path])
    assert library["our-edge"] is library["our_edge"]
    assert library["nginx-combined"].name == "nginx_combined"
    assert "our_edge" in [definition.name for definition in library.of_grammar("template")]
    with pytest.raises(KeyError):
        _ = library["no_such"]


def test_a_file_of_the_user_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "nginx_combined.toml"
    path.write_text(GOOD)
    assert load_definitions([path])["nginx_combined"].title == "Ours"


def test_only_the_files_of_the_asked_grammar_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text('grammar = "json"\nbroken')
    assert [definition.name for definition in Library(tmp_path.glob("*.toml")).of_grammar("template")] == ["a"]


def test_reading_every_definition_needs_no_polars() -> None:
    code = (
        "import sys; from clerk_logscan.parsing.library import load_definitions as d;"
        "l = d(); [l[n].samples for n in l]; sys.exit('polars' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_shipped_definition_keeps_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    tomllib = pytest.importorskip("tomllib")
    schema = json.loads((ROOT / "docs" / "definition-schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    paths = sorted((ROOT / "parsers").glob("*.toml"))
    assert paths
    for path in paths:
        errors = [error.message for error in validator.iter_errors(tomllib.loads(path.read_text(encoding="utf-8")))]
        assert not errors, (path.name, errors)


def test_the_published_schema_names_every_column_and_refuses_others() -> None:
    schema = json.loads((ROOT / "docs" / "definition-schema.json").read_text())
    columns = schema["properties"]["columns"]
    assert set(columns["properties"]) == set(COLUMN_KINDS) and columns["additionalProperties"] is False
    assert schema["additionalProperties"] is False
    assert re.match(r"https://json-schema\.org/", schema["$schema"])


@pytest.mark.parametrize("path", sorted(folder().glob("*.toml")), ids=lambda path: path.stem)
def test_the_patterns_of_every_shipped_definition_compile_though_nobody_checks_that_at_each_start(path: Path) -> None:
    assert load(path) == replace(parse(path.read_text(encoding="utf-8"), path.stem), origin=str(path))
