"""The catalogue: errors with their line, applied twice without a change, left without losing a finding."""

import json
from pathlib import Path

import pytest

from collector import tables
from collector.catalogue import apply_catalogue, catalogue_schema, load_catalogue
from collector.ingest import NetworkDefault
from collector.store import Store
from scanners.located_yaml import FileError
from scanners.observation import Vantage
from tests.collector.watching import START, Watch

CITY = """\
city:
  name: {ca: Ajuntament de Vilamar, es: Ayuntamiento de Vilamar, en: Vilamar City Council}
  dir3: L01099999
  namespace: vilamar
departments:
  safety: {ca: Seguretat, es: Seguridad, en: Safety}
  citizens: {en: Citizen Services}
services:
  police: {department: safety, ens: {D: medio, A: alto, C: "-"}, parameters: {CERT-002: {days: 45}}, en: Municipal police}
  web: {department: citizens, audience: citizens, ens: {D: bajo, A: bajo}, exposure: internet, assets: [web site], en: City web}
networks:
  - {network: 192.0.2.128/25, service: web, dynamic: true}
assets:
  - {id: records, services: [police, web], addresses: [192.0.2.10], owner: Files, authorised_ports: "22,443"}
  - {id: site, name: www, services: [web], addresses: [192.0.2.20], names: [www.example]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def apply(store: Store, path: Path, watch: Watch) -> None:
    with store.write() as connection:
        apply_catalogue(connection, load_catalogue(path), lambda: watch.now)


def everything(watch: Watch) -> dict[str, list[object]]:
    return {name: [tuple(row) for row in watch.rows(table)] for name, table in tables.metadata.tables.items()}


def test_services_departments_and_assets_are_stored(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    apply(store, written(tmp_path, CITY), watch)
    police, web = watch.rows(tables.service)
    assert (police.ens_category, web.ens_category, police.parameters) == ("ALTA", "BASICA", {"CERT-002": {"days": 45}})
    assert police.names == {"ca": "Municipal police", "es": "Municipal police", "en": "Municipal police"}
    records = watch.asset_at("192.0.2.10")
    assert (records.declared, records.service_id, records.department_id) == (True, "police", "safety")
    assert (records.ens_category, records.owner, records.authorised_ports) == ("ALTA", "Files", "22,443")
    assert [(row.service_id) for row in watch.rows(tables.asset_service, tables.asset_service.c.asset_id == records.id)] == [
        "police",
        "web",
    ]
    assert {row.id: row.inventory_size for row in watch.rows(tables.service)} == {"police": 1, "web": 2}


def test_applying_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    path = written(tmp_path, CITY)
    apply(store, path, watch)
    watch.take(watch.host(), watch.redis(False))
    before = everything(watch)
    watch.later(days=1)
    apply(store, path, watch)
    assert everything(watch) == before
    watch.check()


def test_declaring_takes_over_what_was_found_and_weighs_it_anew(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    watch.take(watch.host(), watch.redis(False))
    found, light = watch.asset_at("192.0.2.10"), watch.finding()
    apply(store, written(tmp_path, CITY), watch)
    declared, heavy = watch.asset_at("192.0.2.10"), watch.finding()
    assert (declared.id, declared.name, declared.declared) == (found.id, "records", True)
    assert (heavy.id, heavy.department_id, heavy.service_id, heavy.asset_name) == (light.id, "safety", "police", "records")
    assert heavy.risk > light.risk
    watch.check()
    watch.later(days=1)
    watch.take(watch.host(), watch.redis(False))
    assert watch.finding("INV-901").state == "resolved"
    watch.check()


def test_what_leaves_the_file_keeps_its_findings(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    apply(store, written(tmp_path, CITY), watch)
    watch.take(watch.host(), watch.redis(False))
    lines = [line for line in CITY.splitlines() if "id: records" not in line and "id: site" not in line and "police" not in line]
    shorter = "\n".join(lines).replace("assets:\n", "").replace("\nassets:", "")
    apply(store, written(tmp_path, shorter), watch)
    asset, finding = watch.asset_at("192.0.2.10"), watch.finding()
    assert (asset.declared, asset.catalogue_id, asset.service_id) == (False, None, None)
    assert (finding.state, finding.service_id) == ("open", None)
    assert [row.name for row in watch.rows(tables.asset)] == ["records"]  # "site" was never seen and held nothing
    assert [row.id for row in watch.rows(tables.service)] == ["web"]
    assert "asset-retired" in watch.actions()
    watch.check()


def test_networks_give_undeclared_assets_a_department(store: Store, tmp_path: Path) -> None:
    catalogue = load_catalogue(written(tmp_path, CITY))
    (network,) = catalogue.network_defaults()
    assert isinstance(network, NetworkDefault)
    watch = Watch(store, networks=(network,))
    apply(store, tmp_path / "catalogue.yaml", watch)
    watch.take(watch.redis(False, "192.0.2.200"), watch.redis(False, "198.51.100.7"))
    inside, outside = watch.asset_at("192.0.2.200"), watch.asset_at("198.51.100.7")
    assert (inside.declared, inside.department_id, inside.service_id, inside.ens_category) == (False, "citizens", "web", "BASICA")
    assert (outside.department_id, outside.service_id) == (None, None)
    watch.check()


def test_what_nobody_declares_follows_its_service(store: Store, tmp_path: Path) -> None:
    catalogue = load_catalogue(written(tmp_path, CITY))
    watch = Watch(store, networks=catalogue.network_defaults())
    apply(store, tmp_path / "catalogue.yaml", watch)
    watch.take(watch.redis(False, "192.0.2.200"), watch.redis(False, "198.51.100.7"))
    moved = CITY.replace("web: {department: citizens", "web: {department: safety")
    apply(store, written(tmp_path, moved.replace("exposure: internet", "exposure: internal")), watch)
    inside = watch.asset_at("192.0.2.200")
    (finding,) = watch.rows(tables.finding, tables.finding.c.asset_id == inside.id, tables.finding.c.rule == "DB-901")
    assert (inside.department_id, finding.department_id, finding.exposure) == ("safety", "safety", "internal")
    watch.check()
    before = everything(watch)
    apply(store, tmp_path / "catalogue.yaml", watch)
    assert everything(watch) == before


def test_stated_exposure_never_hides_what_the_internet_sees(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    apply(store, written(tmp_path, CITY.replace("exposure: internet", "exposure: isolated")), watch)
    watch.take(watch.redis(False, "192.0.2.20", vantage=Vantage.INTERNET))
    assert watch.finding().exposure == "internet"


def test_the_inventory_size_is_frozen_until_the_year_ends(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    apply(store, written(tmp_path, CITY), watch)
    sizes = {row.id: row.inventory_size for row in watch.rows(tables.department)}
    watch.take(*(watch.redis(True, f"192.0.2.{host}") for host in range(100, 120)))
    watch.ingest.end_of_scan("one")
    (city,) = watch.rows(tables.control)
    assert city.value == {"year": START.year, "city": 2}
    assert {row.id: row.inventory_size for row in watch.rows(tables.department)} == sizes
    watch.later(days=60)
    watch.ingest.end_of_scan("two")
    (city,) = watch.rows(tables.control)
    assert city.value == {"year": START.year + 1, "city": 22}


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("department: safety,", "department: nobody,", 9, "'nobody' is not in this file"),
        ("D: medio", "D: medium", 9, "services.police.ens.D"),
        ("services: [web], addresses: [192.0.2.20]", "services: [webs], addresses: [192.0.2.20]", 15, "'webs'"),
        ("addresses: [192.0.2.20]", "addresses: [192.0.2.10]", 15, "the address 192.0.2.10 is that of asset records already"),
        ("addresses: [192.0.2.20]", "addresses: [192.0.2.020]", 15, "192.0.2.020"),
        ("id: site", "id: records", 15, "the id records"),
        ("namespace: vilamar", "namespace: vila-mar", 4, "city.namespace"),
        ("audience: citizens", "audence: citizens", 10, "not known here"),
        ("network: 192.0.2.128/25", "network: 192.0.2.129/25", 12, "192.0.2.129/25"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in CITY
    with pytest.raises(FileError) as caught:
        load_catalogue(written(tmp_path, CITY.replace(old, new, 1)))
    assert any(found == line and said in sentence for found, sentence in caught.value.problems), caught.value.problems


def test_the_published_schema_is_the_models() -> None:
    published = Path(__file__).parents[2] / "docs" / "schemas" / "catalogue.json"
    assert json.loads(published.read_text(encoding="utf-8")) == catalogue_schema()
