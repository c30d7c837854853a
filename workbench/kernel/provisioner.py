"""The kernel provisioner that Jupyter finds by its entry point."""

from __future__ import annotations

import os
import secrets
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from workbench.kernel.warm import WarmKernel, can_fork


class WarmProvisioner(LocalProvisioner):
    """Forks Python kernels from a warm process; elsewhere they start as Jupyter starts them."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Let the kernel listen on abstract sockets that no other process can have taken.

        Jupyter looks for free TCP ports and gives them back before the kernel takes them: another
        process that starts kernels at the same moment may come first, and the kernel dies.
        """
        manager = self.parent
        if can_fork() and manager is not None:
            manager.transport = "ipc"
            manager.ip = f"@database-patterns-{secrets.token_hex(8)}"
        launched: dict[str, Any] = await super().pre_launch(**kwargs)
        return launched

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
