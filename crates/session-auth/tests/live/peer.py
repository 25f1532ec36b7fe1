"""The Python half of the live test: the routes of the example from_aiohttp, on aiohttp-session itself."""

import argparse
import asyncio
import json
import sys

from aiohttp import web
import aiohttp_security
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


# A login as the tutorial has it: the name is a value of the session like any other.


async def login(request):
    form = await request.post()
    session = await get_session(request)
    session[request.app["login_key"]] = form["name"]
    raise web.HTTPSeeOther("/me")


async def me(request):
    session = await get_session(request)
    name = session.get(request.app["login_key"])
    if not name:
        raise web.HTTPSeeOther("/login")
    return web.Response(text=name)


async def logout(request):
    session = await get_session(request)
    session[request.app["login_key"]] = None
    raise web.HTTPSeeOther("/me")


# And as aiohttp-security has it, which chooses the key itself.


class Anybody(aiohttp_security.AbstractAuthorizationPolicy):
    async def authorized_userid(self, identity):
        return identity

    async def permits(self, identity, permission, context=None):
        return True


async def secure_login(request):
    form = await request.post()
    answer = web.HTTPSeeOther("/me")
    await aiohttp_security.remember(request, answer, form["name"])
    raise answer


async def secure_me(request):
    name = await aiohttp_security.authorized_userid(request)
    if name is None:
        raise web.HTTPSeeOther("/login")
    return web.Response(text=name)


async def secure_logout(request):
    answer = web.HTTPSeeOther("/me")
    await aiohttp_security.forget(request, answer)
    raise answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--storage", required=True)
    parser.add_argument("--key-hex", required=True)
    parser.add_argument("--max-age", type=int)
    parser.add_argument("--redis")
    parser.add_argument("--login-key", default="username")
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
    if options.login_key == "AIOHTTP_SECURITY":
        aiohttp_security.setup(app, aiohttp_security.SessionIdentityPolicy(), Anybody())
        ways = (secure_login, secure_me, secure_logout)
    else:
        app["login_key"] = options.login_key
        ways = (login, me, logout)
    app.add_routes([web.post("/login", ways[0]), web.get("/me", ways[1]), web.post("/logout", ways[2])])

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
