"""A JupyterHub for trying out the class on one machine: `make hub`. It isolates nobody from anybody.

book/tools/hub.py starts it, and says by environment variables where things are.
"""

import os
import shutil
import sys
from pathlib import Path

c = get_config()  # noqa: F821

here = Path(os.environ["HUB_FOLDER"])
port = int(os.environ["HUB_PORT"])

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [os.environ["HUB_NODE"], os.environ["HUB_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(here / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{here}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(here / "cookie_secret")
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = True

# Any name, and one password for the class: it is printed when the hub starts.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["HUB_PASSWORD"]
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{here}/homes/{{username}}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab/tree/index/index.ipynb"
c.Spawner.args = ["--ServerApp.allow_root=True", "--LabApp.news_url=None"]
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",
    "DDSP_LITE_CACHE": os.environ["DDSP_LITE_CACHE"],
    "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
}
if "LIBROSA_DATA_DIR" in os.environ:
    c.Spawner.environment["LIBROSA_DATA_DIR"] = os.environ["LIBROSA_DATA_DIR"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 0


def hand_out(spawner):
    """Give a student the chapters that are not there yet; what is there is the student's own."""
    chapters, home = Path(os.environ["HUB_CHAPTERS"]), here / "homes" / spawner.user.name
    for source in chapters.rglob("*"):
        copy = home / source.relative_to(chapters)
        if source.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)


c.Spawner.pre_spawn_hook = hand_out

if "HUB_API_TOKEN" in os.environ:  # the tests drive the hub through its own interface
    c.JupyterHub.services = [{"name": "class", "api_token": os.environ["HUB_API_TOKEN"], "admin": True}]
    c.JupyterHub.load_roles = [
        {"name": "class", "services": ["class"], "scopes": ["admin:users", "admin:servers", "access:servers"]}
    ]
