"""A spec on the screen while it is written: its page is served to this machine alone, and changes when a file does.

``sources`` says of which files a spec is made and when one of them is another; ``following`` reads it again then and
tells what came of it; ``hub`` keeps what is known for whoever asks; ``server`` gives it to browsers that know a secret;
``keeping`` lets that be the same the next time. Nothing here prints, and nothing is served but the page and its news.
"""

from __future__ import annotations

from graphbuilder.watching.following import News, follow
from graphbuilder.watching.keeping import serve
from graphbuilder.watching.server import Server

__all__ = ["News", "Server", "follow", "serve"]
