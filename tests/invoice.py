"""Reads invoices with other programs than ours, and prints what they find wrong.

`xmlschema` holds each against the schema of FatturaPA 1.2.2 as the revenue agency published it (taken from a
package that carries it), and `a38`, a library for such invoices, against the controls of the exchange system
that it knows. Prints one finding a line; ends with a status that is not zero where there is one.

    $HOME/.cache/atrio/venv-reader/bin/python tests/invoice.py INVOICE.xml...
"""

import io
import pathlib
import sys
import zipfile

import a38.fattura
import a38.validation
import defusedxml.ElementTree
import xmlschema

# The wheel lies beside the programs, where `make reader` puts it.
WHEELS = pathlib.Path(sys.prefix) / "schema"
SCHEMA = "Schema_del_file_xml_FatturaPA_versione_1.2.2.xsd"
SIGNATURES = pathlib.Path(xmlschema.__file__).parent / "schemas" / "DSIG" / "xmldsig-core-schema.xsd"


def schema() -> xmlschema.XMLSchema:
    """The published schema; that of signatures, which it imports over the network, from `xmlschema` itself."""
    for wheel in sorted(WHEELS.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(SCHEMA):
                    text = archive.read(name).decode()
                    return xmlschema.XMLSchema(
                        io.StringIO(text),
                        locations={"http://www.w3.org/2000/09/xmldsig#": SIGNATURES.as_uri()},
                        allow="all",
                    )
    sys.exit(f"no wheel in {WHEELS} holds {SCHEMA}: run `make reader`")


def findings(path: pathlib.Path, known: xmlschema.XMLSchema) -> list[str]:
    """What is wrong with one file."""
    found = [f"schema: {error.path}: {error.reason}" for error in known.iter_errors(str(path))]
    tree = defusedxml.ElementTree.parse(path)
    invoice = a38.fattura.auto_from_etree(tree.getroot())
    validation = a38.validation.Validation()
    invoice.validate(validation)
    return found + [f"control: {error}" for error in validation.errors + validation.warnings]


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: invoice.py INVOICE.xml...")
    known = schema()
    wrong = 0
    for name in sys.argv[1:]:
        for finding in findings(pathlib.Path(name), known):
            print(f"{pathlib.Path(name).name}: {finding}")
            wrong += 1
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
