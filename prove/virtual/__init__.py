"""A till, its disk, a card terminal and the line between them in one process, on a virtual clock.

The till is the real one: desk, use cases, recorder, driver, dialogue. Only what a proof must be
able to break is made up here: time, the disk, the line. A second passes when nobody has anything
left to do in it, so that hours of a counter take milliseconds.
"""
