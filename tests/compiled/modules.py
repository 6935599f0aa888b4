"""Which modules of the rules `make compiled` compiles: what a check runs.

Left as they are: the words and proofs, which are made when they are read, what reads and writes case files,
and the parameters, whose generic class the compiler cannot make.
"""

MODULES = """
    answer authorization authorization_check book catalogue catalogue_data check checks claims coverage
    coverage_findings dates decision desk draft facts fill_findings finding formulary lifecycle medicare
    projection proof quantity refill_window request_date safety severity steps steps_check supply
    supply_findings terms today units words
""".split()  # noqa: SIM905 - a list of names reads better as text
