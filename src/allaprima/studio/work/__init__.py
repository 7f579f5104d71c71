"""What the studio's workers do, in processes of their own: each function here is called by its name from the server.

A task is a function ``(bench, …)``, or a generator that yields steps and returns the result. Arguments and results
are plain data, as they travel between processes.
"""
