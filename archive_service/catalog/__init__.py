"""The catalogue: fonds, classification plan, numbering, case files, records, accession."""
