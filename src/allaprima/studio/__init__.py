"""The browser application: painting, projecting, watching trainings, and the same for programs over HTTP.

It is made of two sides. The server (this package but for ``work``) speaks HTTP, keeps queues and never imports torch;
workers (`allaprima.studio.work`) are processes of their own that hold the networks: if one dies, another is started.
"""
