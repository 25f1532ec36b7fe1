"""The Python half of the live test: the routes of the example from_aiohttp, on aiohttp-session itself."""

import argparse
import asyncio
import json
import sys

from aiohttp import web
import aiohttp_session
from aiohttp_session import SimpleCookieStorage, cookie_storage, get_session, nacl_storage, redis_storage
from redis import asyncio as aioredis


async def show(request):
    session = await get_session(request)
    return web.json_response(dict(session))


async def set_(request):
    form = await request.post()
    session = await get_session(request)
    session[form["key"]] = json.loads(form["value"])
    return web.Response(status=204)


async def remove(request):
    form = await request.post()
    session = await get_session(request)
    session.pop(form["key"], None)
    return web.Response(status=204)


async def invalidate(request):
    session = await get_session(request)
    session.invalidate()
    return web.Response(status=204)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--storage", required=True)
    parser.add_argument("--key-hex", required=True)
    parser.add_argument("--max-age", type=int)
    parser.add_argument("--redis")
    options = parser.parse_args()
    key = bytes.fromhex(options.key_hex)
    storage = {
        "simple": lambda: SimpleCookieStorage(max_age=options.max_age),
        "encrypted": lambda: cookie_storage.EncryptedCookieStorage(key, max_age=options.max_age),
        "nacl": lambda: nacl_storage.NaClCookieStorage(key, max_age=options.max_age),
        "redis": lambda: redis_storage.RedisStorage(
            aioredis.from_url(options.redis), max_age=options.max_age
        ),
    }[options.storage]()
    app = web.Application()
    aiohttp_session.setup(app, storage)
    app.add_routes(
        [
            web.get("/", show),
            web.post("/set", set_),
            web.post("/remove", remove),
            web.post("/invalidate", invalidate),
        ]
    )

    async def serve():
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(site._server.sockets[0].getsockname()[1], flush=True)
        # Whoever started this process ends it by closing its standard input.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()

    asyncio.run(serve())


main()
