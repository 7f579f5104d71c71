"""Our generators as computation graphs for other programs: ONNX, and PyTorch's own ``torch.export``.

The weights are float32, the batch is dynamic, truncation and noise are inputs; nothing of allaprima is needed to run
them. Only what writes ONNX needs more than PyTorch: ``pip install 'allaprima[export]'``.
"""

from allaprima.interchange.exported.onnx_file import export_onnx as export_onnx
from allaprima.interchange.exported.program import export_program as export_program
