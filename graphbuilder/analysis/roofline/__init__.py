"""The roofline of a network: how long a device needs at least, by its memory, its arithmetic and its launches.

From a typed graph to its calls (``calls``), what each reads, writes and computes (``work``), which of them one kernel
does (``kernels``), and the time of those on a device (``floor``). Everything is of evaluation, and computed, not
measured. (Williams, Waterman and Patterson 2009.)
"""

from graphbuilder.analysis.roofline.devices import DEVICES, Device
from graphbuilder.analysis.roofline.floor import Bound, Floor, Floors, floors
from graphbuilder.analysis.roofline.kernels import FUSIONS, Fusion, Kernel, kernels

__all__ = ["DEVICES", "FUSIONS", "Bound", "Device", "Floor", "Floors", "Fusion", "Kernel", "floors", "kernels"]
