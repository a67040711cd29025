"""An inventory kept elsewhere: taken whole or not at all, master of its own assets only, the same when it is taken again."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import tables
from collector.catalogue import apply_catalogue, load_catalogue
from collector.imports.inventory import Ours, Shrinking, read_inventory
from collector.imports.inventory_mapping import InventoryMapping, load_mapping, ready_made
from collector.imports.tables_of_text import folded, read_csv, read_search_result
from collector.imports.taking import Format, Result, Wanted, take
from collector.refusal import ActionRefused
from collector.store import Store
from scanners.located_yaml import FileError
from tests.collector.test_catalogue import CITY, everything, written
from tests.collector.watching import Watch

MAPPING = """\
source: inventari
columns:
  id: Núm. inventari
  name: Nom
  addresses: Adreça IP
  macs: MAC
  department: Departament
  services: Serveis
  owner: [Responsable, Contacte]
  criticality: Criticitat
  exposure: Exposició
values:
  department: {Atenció Ciutadana: citizens}
  criticality: {crítica: ALTA}
  exposure: {DMZ: internet}
"""
HEADERS = "Núm. inventari;Nom;Adreça IP;MAC;Departament;Serveis;Responsable;Contacte;Criticitat;Exposició"
ROWS = (
    "INV/2020/1;Arxiu;192.0.2.30, 192.0.2.31;00:00:5e:00:53:01;Seguretat;Municipal police;;Arxiu municipal;crítica;",
    "INV/2020/2;Portal;192.0.2.40;;ATENCIO CIUTADANA;;Ana;;;DMZ",
)
TABLE = "\n".join((HEADERS, *ROWS)) + "\n"


@pytest.fixture
def mapping(tmp_path: Path) -> InventoryMapping:
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return load_mapping(tmp_path / "mapping.yaml")


@pytest.fixture
def watch(store: Store, tmp_path: Path) -> Watch:
    """A city whose catalogue file is applied."""
    found = Watch(store)
    apply(found, tmp_path, CITY)
    return found


def apply(watch: Watch, folder: Path, text: str) -> None:
    with watch.store.write() as connection:
        apply_catalogue(connection, load_catalogue(written(folder, text)), lambda: watch.now)


def imported(watch: Watch, table: str | bytes, mapping: InventoryMapping | None, **more: Any) -> Result:
    document = table.encode() if isinstance(table, str) else table
    wanted = Wanted(format=more.pop("format", Format.CSV), name="inventari.csv", mapping=mapping, **more)
    return take(watch.store, watch.ingest, document, wanted, lambda connection, result: None)


def refused(run: Callable[[], object]) -> list[tuple[int, str]]:
    with pytest.raises(FileError, match=r"inventari\.csv") as caught:
        run()
    return list(caught.value.problems)


def counted(result: Result) -> tuple[int, ...]:
    return tuple(result.counts[name] for name in ("added", "changed", "unchanged", "retired", "elsewhere", "skipped"))


def declared(watch: Watch) -> set[str]:
    return {row.catalogue_id for row in watch.rows(tables.asset) if row.catalogue_id}


def test_a_table_is_taken_in_and_taken_again_it_changes_nothing(watch: Watch, mapping: InventoryMapping) -> None:
    assert counted(imported(watch, TABLE, mapping)) == (2, 0, 0, 0, 0, 0)
    archive, portal = watch.asset_at("192.0.2.31"), watch.asset_at("192.0.2.40")
    assert (archive.catalogue_id, archive.name, archive.addresses) == (
        "inventari:INV/2020/1",
        "Arxiu",
        ["192.0.2.30", "192.0.2.31"],
    )
    assert (archive.department_id, archive.service_id, archive.owner) == ("safety", "police", "Arxiu municipal")
    assert (archive.ens_category, archive.declared) == ("ALTA", True)
    assert (portal.department_id, portal.service_id, portal.owner, portal.exposure) == ("citizens", None, "Ana", "internet")
    before = everything(watch)
    watch.later(days=1)
    assert counted(imported(watch, TABLE, mapping)) == (0, 0, 2, 0, 0, 0)
    assert everything(watch) == before
    watch.check()


def test_an_import_retires_its_own_and_the_file_its_own(watch: Watch, mapping: InventoryMapping, tmp_path: Path) -> None:
    imported(watch, TABLE, mapping)
    watch.take(watch.host("192.0.2.30"), watch.redis(False, "192.0.2.30"))
    finding = watch.finding()
    assert (finding.department_id, finding.asset_name) == ("safety", "Arxiu")
    result = imported(watch, "\n".join((HEADERS, ROWS[1])), mapping)
    assert (counted(result), result.named["retired"]) == ((0, 0, 1, 1, 0, 0), ("INV/2020/1",))
    assert declared(watch) == {"records", "site", "inventari:INV/2020/2"}
    assert (watch.asset_at("192.0.2.30").declared, watch.finding().state) == (False, "open")
    apply(
        watch,
        tmp_path,
        CITY.replace("  - {id: site, name: www, services: [web], addresses: [192.0.2.20], names: [www.example]}\n", ""),
    )
    assert declared(watch) == {"records", "inventari:INV/2020/2"}
    imported(watch, TABLE, mapping)
    assert watch.asset_at("192.0.2.30").catalogue_id == "inventari:INV/2020/1"  # the same machine, with its findings
    watch.check()


def test_two_sources_do_not_touch_each_other_and_the_file_is_the_stronger(
    watch: Watch, mapping: InventoryMapping, tmp_path: Path
) -> None:
    imported(watch, TABLE, mapping)
    other = mapping.model_copy(update={"source": "police"})
    assert counted(imported(watch, TABLE, other)) == (0, 0, 0, 0, 2, 0)
    alone = f"{HEADERS}\n9;Cotxe;192.0.2.50;;;;;;;\n"
    assert counted(imported(watch, alone, other)) == (1, 0, 0, 0, 0, 0)
    assert declared(watch) >= {"inventari:INV/2020/1", "inventari:INV/2020/2", "police:9"}
    ours = f"{HEADERS}\n7;Còpia;192.0.2.10;;;;;;;\n"  # the catalogue file declares that address
    assert counted(imported(watch, ours, other, may_shrink=True)) == (0, 0, 0, 1, 1, 0)
    assert watch.asset_at("192.0.2.10").catalogue_id == "records"
    asset = watch.asset_at("192.0.2.40").id
    apply(watch, tmp_path, CITY + "  - {id: portal, services: [web], addresses: [192.0.2.40]}\n")
    taken = watch.asset_at("192.0.2.40")
    assert (taken.id, taken.catalogue_id) == (asset, "portal")
    assert counted(imported(watch, TABLE, mapping)) == (0, 0, 1, 0, 1, 0)
    assert declared(watch) == {"records", "site", "portal", "inventari:INV/2020/1"}
    watch.check()


def test_another_id_for_the_same_machine_keeps_it(watch: Watch, mapping: InventoryMapping) -> None:
    imported(watch, TABLE, mapping)
    before = {watch.asset_at(address).id for address in ("192.0.2.30", "192.0.2.40")}
    assert counted(imported(watch, TABLE.replace("INV/2020/", "2026-"), mapping)) == (2, 0, 0, 0, 0, 0)
    assert {watch.asset_at(address).id for address in ("192.0.2.30", "192.0.2.40")} == before
    assert declared(watch) == {"records", "site", "inventari:2026-1", "inventari:2026-2"}


def test_every_wrong_line_is_told_and_nothing_is_taken(watch: Watch, mapping: InventoryMapping) -> None:
    wrong = (
        ";Sense id;192.0.2.60;;;;;;;",
        "3;;192.0.2.999;;;;;;;",
        "4;;;00:00:5e;;;;;;",
        "5;;;;Atenció Ciutadanes;;;;;",
        "6;;;;;Policia;;;;",
        "7;;;;;;;;altíssima;",
        "8;;;;;;;;;arreu",
        "9;;192.0.2.30;;;;;;;",
        "INV/2020/1;;;;;;;;;",
    )
    before = everything(watch)
    problems = dict(refused(lambda: imported(watch, TABLE + "\n".join(wrong), mapping)))
    assert list(problems) == list(range(4, 13))
    for line, said in {4: "id", 5: "192.0.2.999", 6: "MAC", 7: "near it: citizens", 8: "no service 'Policia'"}.items():
        assert said in problems[line]
    for line, said in {
        9: "altíssima",
        10: "exposure",
        11: "192.0.2.30 stands in line 2",
        12: "INV/2020/1 stands in line 2",
    }.items():
        assert said in problems[line]
    assert everything(watch) == before


def test_wrong_lines_may_be_left_out_and_then_nothing_is_retired(watch: Watch, mapping: InventoryMapping) -> None:
    imported(watch, TABLE, mapping)
    table = "\n".join((HEADERS, ROWS[1].replace("Portal", "Web"), "3;;nowhere;;;;;;;", "4;Nou;192.0.2.70;;;;;;;"))
    result = imported(watch, table, mapping, skip_bad_lines=True)
    assert counted(result) == (1, 1, 0, 0, 0, 1)
    assert [line for line, _ in result.refused] == [3]
    assert "inventari:INV/2020/1" in declared(watch)


def test_a_trial_tells_and_changes_nothing(watch: Watch, mapping: InventoryMapping) -> None:
    before = everything(watch)
    result = imported(watch, TABLE, mapping, dry_run=True)
    assert (result.counts["added"], result.named["added"]) == (2, ("INV/2020/1", "INV/2020/2"))
    assert everything(watch) == before


def test_an_export_that_lost_most_of_its_rows_is_refused(watch: Watch, mapping: InventoryMapping) -> None:
    rows = [f"{number};;192.0.2.{100 + number};;;;;;;" for number in range(9)]
    imported(watch, "\n".join((HEADERS, *rows)), mapping)
    with pytest.raises(Shrinking, match="lists 6 of the 9"):
        imported(watch, "\n".join((HEADERS, *rows[:3])), mapping)
    refused(lambda: imported(watch, HEADERS + "\n", mapping, may_shrink=True))
    assert counted(imported(watch, "\n".join((HEADERS, *rows[:3])), mapping, may_shrink=True)) == (0, 0, 3, 6, 0, 0)


def test_addresses_that_identify_nobody_are_left_out(store: Store, tmp_path: Path, mapping: InventoryMapping) -> None:
    networks = load_catalogue(written(tmp_path, CITY)).network_defaults()
    watch = Watch(store, networks=networks)
    apply(watch, tmp_path, CITY)
    table = f"{HEADERS}\n1;Portàtil;127.0.0.1 ::1 fe80::1 192.0.2.130 192.0.2.11;00-00-00-00-00-00 0000.5e00.5309;;;;;;\n"
    imported(watch, table, mapping)
    asset = watch.asset_at("192.0.2.11")
    assert asset.addresses == ["192.0.2.11"]  # 192.0.2.128/25 is leased
    kinds = {(row.kind, row.value) for row in watch.rows(tables.identifier, tables.identifier.c.asset_id == asset.id)}
    assert ("mac", "00-00-5E-00-53-09") in kinds
    assert not [value for kind, value in kinds if kind == "mac" and value != "00-00-5E-00-53-09"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(mapping: InventoryMapping, encoding: str, delimiter: str) -> None:
    table = TABLE.replace("192.0.2.30, ", "192.0.2.30 ").replace(";", delimiter).encode(encoding)
    wanted = {header for named in mapping.headers().values() for header in named}
    found = read_csv(table, "x.csv", wanted)
    assert [row.cells["nom"] for row in found.rows] == ["Arxiu", "Portal"]
    assert found.rows[1].cells[folded("Departament")] == "ATENCIO CIUTADANA"
    assert found.headers["num. inventari"] == "Núm. inventari"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "no line of headers"),
        (b"\n\n", "no line of headers"),
        ("a;b\n".encode("utf-16"), "UTF-16"),
        (b"a;b\n\x00;2", "UTF-16 or no text"),
        (b'a;b\n"1;2', "not CSV"),
        (b'a;b\n"1"x;2', "not CSV"),
        (b"a;A\n1;2", "stands twice"),
        (b"a;b\n1;2;3", "3 cells"),
        (b"x" * (16 * 1024 * 1024 + 1), "larger"),
        (b"a\n" + b"1\n" * 100_001, "more than 100000 rows"),
        (b";".join(b"%d" % number for number in range(300)), "headers"),
        (b"a\n" + b"x" * 200_000, "field larger"),
    ],
)
def test_what_is_no_table_is_refused(document: bytes, said: str) -> None:
    with pytest.raises(FileError, match=r"x\.csv") as caught:
        read_csv(document, "x.csv", {"a"}, encoding="utf-8")
    assert said in str(caught.value)


def test_bytes_that_are_not_of_the_encoding_are_told_with_their_line() -> None:
    with pytest.raises(FileError) as caught:
        read_csv(b"a;b\n1;2\n3;\xff", "x.csv", {"a"}, encoding="utf-8")
    assert caught.value.problems == ((3, "byte 0xff is no text in utf-8"),)


def test_a_column_that_is_not_there_is_told_with_its_neighbours(watch: Watch, mapping: InventoryMapping) -> None:
    ((line, said),) = refused(lambda: imported(watch, TABLE.replace("Departament;", "Departaments;"), mapping))
    assert line == 1
    assert "'Departaments'" in said
    with pytest.raises(ActionRefused, match="mapping"):
        imported(watch, TABLE, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source: Inventari\ncolumns: {id: a}\n", "source"),
        ("source: a\ncolumns: {name: a}\n", "columns.id"),
        ("source: a\ncolumns: {id: a, colour: b}\n", "colour"),
        ("source: a\nencoding: utf-16\ncolumns: {id: a}\n", "encoding"),
        ("source: a\ncolumns: {id: a}\nvalues: {criticality: {x: HIGH}}\n", "values.criticality.x"),
        ("like: glpy\n", "no ready-made"),
        ("like: glpi\ncolumns: [a]\n", "columns"),
        ("- a\n", "the file"),
    ],
)
def test_a_wrong_mapping_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(FileError, match=r"m\.yaml:\d+") as caught:
        load_mapping(tmp_path / "m.yaml")
    assert said in str(caught.value)


# GLPI's list as it exports it: every cell in quotes, each line ends with the delimiter, several values in one cell.
GLPI_CSV = {
    "en": '"Name";"Entity";"Status";"Serial number";"Network - IP";"Network - MAC";"User";"ID";\n',
    "es": '"Nombre";"Entidad";"Estado";"Número de serie";"Red - IP";"Red - Dirección MAC";"Usuario";"ID";\n',
    "ca": '"Nom";"Entitat";"Estat";"Número de sèrie";"Xarxa - IP";"Xarxa - Adreça MAC";"Usuari";"ID";\n',
}
GLPI_ROW = '"PC-01";"Vilamar > Arxiu";"En ús";"SN1";"192.0.2.80\n127.0.0.1\n::1";"00:00:5e:00:53:10";"ana";"12 ";\n'


@pytest.mark.parametrize("language", GLPI_CSV)
def test_glpis_list_needs_no_mapping_of_ones_own(watch: Watch, language: str) -> None:
    assert counted(imported(watch, GLPI_CSV[language] + GLPI_ROW, None, format=Format.GLPI))[0] == 1
    asset = watch.asset_at("192.0.2.80")
    assert (asset.catalogue_id, asset.name, asset.owner, asset.addresses) == ("glpi:12", "PC-01", "ana", ["192.0.2.80"])


def test_glpis_search_result_is_the_same_assets(watch: Watch, tmp_path: Path) -> None:
    imported(watch, GLPI_CSV["en"] + GLPI_ROW, None, format=Format.GLPI)
    row = {"1": "PC-01", "80": "Vilamar > Arxiu", "2": 12, "126": ["192.0.2.80", "::1"], "21": "00:00:5e:00:53:10", "70": "ana"}
    answer = {"totalcount": 1, "count": 1, "sort": ["1"], "range": "0-0", "data": [row]}
    assert counted(imported(watch, json.dumps(answer), None, format=Format.GLPI)) == (0, 0, 1, 0, 0, 0)
    refused(lambda: imported(watch, json.dumps({**answer, "totalcount": 2}), None, format=Format.GLPI))
    (tmp_path / "own.yaml").write_text(
        "like: glpi\ncolumns: {department: ['80']}\nvalues: {department: {'Vilamar > Arxiu': safety}}\n"
    )
    own = load_mapping(tmp_path / "own.yaml")
    assert counted(imported(watch, json.dumps(answer), own, format=Format.GLPI)) == (0, 1, 0, 0, 0, 0)
    assert watch.asset_at("192.0.2.80").department_id == "safety"


@pytest.mark.parametrize(
    "document", [b"{", b"{}", b'{"data": 1}', b'{"data": [1], "totalcount": 1}', b'{"a":' * 5_000, b'{"data": [], "\xff": 1}']
)
def test_what_is_no_search_result_is_refused(document: bytes) -> None:
    with pytest.raises(FileError, match=r"x\.json"):
        read_search_result(document, "x.json")


OURS = Ours({"safety": "safety"}, {"web": "web"})


@given(st.integers(0, len(TABLE.encode()) - 1), st.binary(max_size=12))
def test_no_mutation_of_a_table_makes_it_fail_otherwise(place: int, instead: bytes) -> None:
    mapping = ready_made("glpi")
    document = TABLE.encode()[:place] + instead + TABLE.encode()[place + len(instead) :]
    with contextlib.suppress(FileError):
        read_inventory(read_csv(document, "x.csv", {"nom"}), mapping, OURS, "x.csv")


@given(
    st.binary(max_size=200), st.sampled_from(["utf-8", "cp1252", "latin-1", None]), st.sampled_from([";", ",", "\t", "|", None])
)
def test_no_bytes_make_it_fail_otherwise(document: bytes, encoding: str | None, delimiter: str | None) -> None:
    with contextlib.suppress(FileError):
        read_inventory(
            read_csv(b"ID;IP\n" + document, "x.csv", {"id"}, encoding=encoding, delimiter=delimiter),
            ready_made("glpi"),
            OURS,
            "x.csv",
        )


WORDS = st.text("ab1.:;\n\u202e", max_size=20)
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.lists(WORDS, max_size=3))


@given(st.lists(st.dictionaries(st.sampled_from(["1", "2", "126", "21", "x"]), CELLS), max_size=4))
def test_no_search_result_makes_it_fail_otherwise(rows: list[dict[str, object]]) -> None:
    document = json.dumps({"totalcount": len(rows), "data": rows}).encode()
    with contextlib.suppress(FileError):
        read_inventory(read_search_result(document, "x.json"), ready_made("glpi"), OURS, "x.json")
