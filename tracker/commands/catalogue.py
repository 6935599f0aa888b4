"""`tracker catalogue`: build the packaged product maps from public files, and show what they tell."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import click

from tracker import clock
from tracker.formats.asp import read_crosswalk
from tracker.formats.catalogue_build import Named, products_text
from tracker.formats.code_tables import MOST_BYTES, BadFile, Refusal
from tracker.formats.rxnorm import ConceptList, read_concepts
from tracker.rules.casefile_json import one_line
from tracker.rules.catalogue import FORMULATIONS, code_of, tells_formulation
from tracker.rules.catalogue_data import BillingCode
from tracker.rules.products import KnownProduct, maps_from, ndc_of, product_of_ndc, product_of_rxcui, sources
from tracker.rules.wording import number

LISTED = 20
PACKAGED = Path(__file__).resolve().parent.parent / "rules" / "data" / "products.json"
_REFUSED = 2


@click.group("catalogue")
def catalogue() -> None:
    """Codes and products.

    Example: tracker catalogue show 00074-3109-32
    """


@catalogue.command("build")
@click.option("--asp", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rxnorm", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", default=PACKAGED, type=click.Path(dir_okay=False, path_type=Path), help="where to write"
)
@click.option(
    "--read-on", type=click.DateTime(["%Y-%m-%d"]), help="the day the files were read; default today"
)
def build(asp: Path, rxnorm: Path, out: Path, read_on: datetime | None) -> None:
    """Write the maps from NDC and RxCUI to drug, formulation and code.

    --asp is the NDC-HCPCS crosswalk of CMS (CSV), --rxnorm a folder of system,code,display lists (rx_*.csv).

    Example: tracker catalogue build --asp crosswalk.csv --rxnorm lists/
    """
    try:
        crosswalk = read_crosswalk(_bytes(asp))
        lists = [Named(path.name, _list(path)) for path in sorted(rxnorm.glob("rx_*.csv"))]
        if not lists:
            raise BadFile(f"{rxnorm}: no rx_*.csv in it. Give the folder of the RxNorm lists.")
        day: date = read_on.date() if read_on else clock.now().date()
        text = products_text(asp.name, crosswalk, lists, day)
        maps = maps_from(text)
        out.write_text(text, encoding="utf-8", newline="\n")
    except (BadFile, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(_REFUSED)
    _say_refused(asp.name, crosswalk.refused)
    for one in lists:
        _say_refused(one.name, one.content.refused)
    click.echo(f"{out}: {len(maps.ndc):,} NDCs, {len(maps.rxcui):,} RxCUIs")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        # One byte more than allowed is enough to be refused for it.
        return stream.read(MOST_BYTES + 1)


def _list(path: Path) -> ConceptList:
    try:
        return read_concepts(_bytes(path))
    except BadFile as error:
        raise BadFile(f"{path.name}: {error}") from error


def _say_refused(name: str, refused: Sequence[Refusal]) -> None:
    for refusal in refused[:LISTED]:
        click.echo(f"{name}: {refusal}", err=True)
    if len(refused) > LISTED:
        click.echo(f"{name}: and {len(refused) - LISTED:,} more lines", err=True)


@catalogue.command("show")
@click.argument("key", metavar="CODE|NDC|RXCUI")
def show(key: str) -> None:
    """Say what is known of a billing code, an NDC or an RxCUI.

    Example: tracker catalogue show 00074-3109-32
    """
    code = code_of(key.strip().upper())
    product = product_of_ndc(key) or product_of_rxcui(key)
    if code is not None:
        lines = list(_code_lines(code))
    elif product is not None:
        lines = list(_product_lines(product))
    else:
        cure = "An NDC takes its hyphens or 11 digits; ten digits alone can be read in three ways."
        click.echo(f"{one_line(key)} is no code, NDC or RxCUI known here. {cure}", err=True)
        sys.exit(_REFUSED)
    click.echo("\n".join(lines))


def _code_lines(code: BillingCode) -> Iterator[str]:
    yield f"{code.code}: {code.text}"
    if code.drug is not None:
        yield f"  One unit      {number(code.unit_mg)} mg of {code.drug.label}"
        if not tells_formulation(code.code):
            yield "  Formulation   the code does not tell it"
    yield f"  Source        {code.source}, verified {code.verified_on}"


def _product_lines(product: KnownProduct) -> Iterator[str]:
    yield f"{product.key}: {product.name}" + (f" ({product.labeler})" if product.labeler else "")
    yield f"  Drug          {product.drug.label if product.drug else 'not known'}"
    if product.drug in FORMULATIONS and product.drug is not None:
        why = f" ({product.formulation_reason})" if product.formulation_reason else ""
        said = product.formulation.label if product.formulation else "not known"
        yield f"  Formulation   {said}{why}"
    per = " per mL" if product.per_ml else ""
    strength = f"{number(product.strength_mg)} mg{per}" if product.strength_mg else "not known"
    yield f"  Strength      {strength}"
    yield f"  Form          {product.form.label if product.form else 'not known'}"
    yield f"  Billing code  {product.code or 'not known'}"
    if product.units is not None:
        yield f"  Package       {number(product.units)} units" + (
            f"; {product.doubt}" if product.doubt else ""
        )
    for code, units in product.also.items():
        yield f"  Also listed   {code}, {number(units)} units"
    if product.not_dispensable:
        yield f"  Not dispensed {product.not_dispensable}"
    yield f"  Source        {_source(product)}"


def _source(product: KnownProduct) -> str:
    made_of = sources()
    if ndc_of(product.key):
        return f"CMS ASP NDC-HCPCS crosswalk {made_of['asp']['quarter']}, read {made_of['read_on']}"
    return f"RxNorm lists, read {made_of['read_on']}"
