"""Every operation: families first, then one file per field, each op declared once.

Holds:     what an op computes, saves and costs is visible where it is declared.
Must not:  know the concrete tensor class; results are made through the graph room.
"""
