"""The reports service: what may be asked, how rows are grouped and worded, and the queue of offline reports."""
