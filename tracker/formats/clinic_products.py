"""What a drug's name or NDC in a clinic's spreadsheet stands for. A name that does not tell the formulation
leaves it unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tracker.formats.clinic_values import BadValue
from tracker.rules.catalogue import CAPSULES, code_of
from tracker.rules.words import Drug, Form, Formulation

NDC = re.compile(r"(\d{4,5})-(\d{3,4})-(\d{1,2})|(\d{11})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Product:
    """None: the name does not say. `strengths_mg`: in which this brand is made."""

    name: str
    drug: Drug
    formulation: Formulation | None = None
    form: Form = Form.CAPSULE
    strength_mg: Decimal | None = None
    strengths_mg: tuple[Decimal, ...] = ()


def _amounts(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


# CMS ASP NDC-HCPCS crosswalk, October 2025: labeler and product of the 11-digit code, drug name, dose.
# The crosswalk does not tell the generics' formulation, so it stays unknown.
_ROWS = (
    ("00078-0248", "Neoral", Formulation.MODIFIED, Form.CAPSULE, 100),
    ("00078-0246", "Neoral", Formulation.MODIFIED, Form.CAPSULE, 25),
    ("00078-0274", "Neoral solution", Formulation.MODIFIED, Form.SOLUTION, 100),
    ("00078-0241", "Sandimmune", Formulation.NON_MODIFIED, Form.CAPSULE, 100),
    ("00078-0240", "Sandimmune", Formulation.NON_MODIFIED, Form.CAPSULE, 25),
    ("00078-0110", "Sandimmune solution", Formulation.NON_MODIFIED, Form.SOLUTION, 100),
    ("00074-3109", "Gengraf", Formulation.MODIFIED, Form.CAPSULE, 100),
    ("00074-3108", "Gengraf", Formulation.MODIFIED, Form.CAPSULE, 25),
    ("00074-7269", "Gengraf solution", Formulation.MODIFIED, Form.SOLUTION, 100),
    ("00093-9018", "Cyclosporine (Teva)", None, Form.CAPSULE, 25),
    ("00093-9019", "Cyclosporine (Teva)", None, Form.CAPSULE, 50),
    ("00093-9020", "Cyclosporine (Teva)", None, Form.CAPSULE, 100),
    ("60505-0133", "Cyclosporine (Apotex)", None, Form.CAPSULE, 25),
    ("60505-0134", "Cyclosporine (Apotex)", None, Form.CAPSULE, 100),
    ("60505-4630", "Cyclosporine (Apotex)", None, Form.CAPSULE, 25),
    ("60505-4631", "Cyclosporine (Apotex)", None, Form.CAPSULE, 50),
    ("60505-4632", "Cyclosporine (Apotex)", None, Form.CAPSULE, 100),
    ("68084-0879", "Cyclosporine (American Health Packaging)", None, Form.CAPSULE, 25),
    ("68084-0921", "Cyclosporine (American Health Packaging)", None, Form.CAPSULE, 100),
)
_BY_NDC: Mapping[str, Product] = {
    start: Product(name, Drug.CYCLOSPORINE, formulation, form, Decimal(mg))
    for start, name, formulation, form, mg in _ROWS
}
# Neoral, Gengraf and Sandimmune capsules are made in 25 and 100 mg (the crosswalk above).
_MADE = _amounts(100, 25)
_CSA = Drug.CYCLOSPORINE
_BY_NAME: Mapping[str, Product] = {
    "neoral": Product("Neoral", _CSA, Formulation.MODIFIED, strengths_mg=_MADE),
    "gengraf": Product("Gengraf", _CSA, Formulation.MODIFIED, strengths_mg=_MADE),
    "sandimmune": Product("Sandimmune", _CSA, Formulation.NON_MODIFIED, strengths_mg=_MADE),
    "cyclosporine": Product("cyclosporine", _CSA, strengths_mg=_MADE),
    "cyclosporine modified": Product("cyclosporine modified", _CSA, Formulation.MODIFIED, strengths_mg=_MADE),
    "cyclosporine non modified": Product(
        "cyclosporine non-modified", _CSA, Formulation.NON_MODIFIED, strengths_mg=_MADE
    ),
    "prograf": Product("Prograf", Drug.TACROLIMUS, Formulation.IMMEDIATE_RELEASE),
    "tacrolimus": Product("tacrolimus", Drug.TACROLIMUS),
    "envarsus": Product("Envarsus XR", Drug.TACROLIMUS, Formulation.ENVARSUS_XR, Form.TABLET),
    "astagraf": Product("Astagraf XL", Drug.TACROLIMUS, Formulation.ASTAGRAF_XL),
    "cellcept": Product("CellCept", Drug.MYCOPHENOLATE_MOFETIL),
    "mycophenolate": Product("mycophenolate", Drug.MYCOPHENOLATE_MOFETIL),
    "mycophenolate mofetil": Product("mycophenolate mofetil", Drug.MYCOPHENOLATE_MOFETIL),
    "myfortic": Product("Myfortic", Drug.MYCOPHENOLIC_ACID, form=Form.TABLET),
    "mycophenolic acid": Product("mycophenolic acid", Drug.MYCOPHENOLIC_ACID, form=Form.TABLET),
    "imuran": Product("Imuran", Drug.AZATHIOPRINE, form=Form.TABLET),
    "azathioprine": Product("azathioprine", Drug.AZATHIOPRINE, form=Form.TABLET),
    "rapamune": Product("Rapamune", Drug.SIROLIMUS, form=Form.TABLET),
    "sirolimus": Product("sirolimus", Drug.SIROLIMUS, form=Form.TABLET),
    "zortress": Product("Zortress", Drug.EVEROLIMUS, form=Form.TABLET),
    "everolimus": Product("everolimus", Drug.EVEROLIMUS, form=Form.TABLET),
    "prednisone": Product("prednisone", Drug.PREDNISONE, form=Form.TABLET),
    "prednisolone": Product("prednisolone", Drug.PREDNISOLONE, form=Form.TABLET),
    "methylprednisolone": Product("methylprednisolone", Drug.METHYLPREDNISOLONE, form=Form.TABLET),
    "medrol": Product("Medrol", Drug.METHYLPREDNISOLONE, form=Form.TABLET),
}
_WORDS = {
    "mod": "modified",
    "nonmod": "non modified",
    "nonmodified": "non modified",
    "csa": "cyclosporine",
    "cyclosporin": "cyclosporine",
    "ciclosporin": "cyclosporine",
    "tac": "tacrolimus",
    "mmf": "mycophenolate mofetil",
    "xr": "",
    "xl": "",
    "capsule": "",
    "capsules": "",
    "cap": "",
    "caps": "",
    "oral": "",
}


def product_of_name(text: str) -> Product:
    """The product a drug's name tells, a strength written after it left aside."""
    words = re.sub(r"\d+(?:\.\d+)? *mg\b", " ", text.casefold())
    words = re.sub(r"[^a-z]+", " ", words)
    key = " ".join(" ".join(_WORDS.get(word, word) for word in words.split()).split())
    found = _BY_NAME.get(key)
    if found is None:
        cure = "Write the name, as in Neoral, Gengraf, Sandimmune or cyclosporine modified."
        raise BadValue(text, "is no drug known here", cure)
    return found


def ndc_of(text: str) -> str:
    """The 11-digit form with its hyphens: 0078-0248-15 is 00078-0248-15."""
    found = NDC.fullmatch(text)
    if not found:
        raise BadValue(text, "is no NDC", "Write it with its hyphens, as in 0078-0248-15.")
    if found[4]:
        digits = found[4]
        return f"{digits[:5]}-{digits[5:9]}-{digits[9:]}"
    return f"{found[1]:0>5}-{found[2]:0>4}-{found[3]:0>2}"


def product_of_ndc(ndc: str) -> Product | None:
    """What an 11-digit NDC is; None if it is not among the known ones."""
    return _BY_NDC.get(ndc[:10])


def billing_code(text: str) -> str:
    code = text.upper().replace(" ", "")
    if code_of(code) is None:
        raise BadValue(text, "is no billing code known here", "Write one as in J7502 (cyclosporine 100 mg).")
    return code


def units_of(drug: Drug, strength_mg: Decimal, quantity: int) -> Mapping[str, int] | None:
    """Billing units of so many capsules of one strength; None where that is not known."""
    own = CAPSULES.get(drug, {}).get(strength_mg)
    return {own[0]: own[1] * quantity} if own else None
