"""The kernel provisioner that Jupyter finds by its entry point."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from workbench.kernel.warm import WarmKernel, can_fork


class WarmProvisioner(LocalProvisioner):
    """Forks Python kernels from a warm process; elsewhere they start as Jupyter starts them."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        if not can_fork() or "-f" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        cwd = kwargs.get("cwd")
        env = kwargs.get("env", os.environ)
        self.process = kernel = WarmKernel(cmd[cmd.index("-f") :], env=env, cwd=cwd)
        self.pid = kernel.pid
        self.pgid = None
        self.cwd = cwd or os.getcwd()
        return self.connection_info
