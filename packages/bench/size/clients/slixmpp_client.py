"""slixmpp, and one thing that may be large: what size-process.mjs is for Node clients, with the same words to the parent.

Usage (started by size-rounds.mjs, with Debian's Python): slixmpp_client.py '{"port", "caFile", "feature", "traced", ...}'
`traced` is for memory: what Python has allocated, by tracemalloc, which costs time. Otherwise time is measured.
"""

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc

from slixmpp import JID, ClientXMPP

options = json.loads(sys.argv[1])
plugins = {"roster": [], "room": ["xep_0045"], "archive": ["xep_0313"]}


class Parent:
    """The channel that Node gives to its children: a JSON value in each line."""

    def __init__(self, loop):
        self.fd = int(os.environ["NODE_CHANNEL_FD"])
        self.told = loop.create_future()
        loop.add_reader(self.fd, self.read)

    def read(self):
        os.read(self.fd, 65536)  # there is one thing that can be said
        if not self.told.done():
            self.told.set_result(None)

    def tell(self, value):
        os.write(self.fd, (json.dumps(value) + "\n").encode())


class Seen:
    """What was read, as in seen.mjs."""

    def __init__(self):
        self.items = self.characters = self.details = 0

    def add(self, texts, detail):
        self.items += 1
        self.characters += sum(map(len, texts))
        self.details += detail


async def roster(client, seen):
    await client.get_roster()
    contacts = client.client_roster
    for jid in contacts.keys():
        contact = contacts[jid]
        seen.add([jid, contact["name"]], len(contact["groups"]))


async def room(client, seen):
    address = JID(options["room"])
    await client["xep_0045"].join_muc_wait(address, options["nick"], maxchars=0)
    for nick, occupant in client["xep_0045"].rooms[address].items():
        seen.add([nick, str(occupant["jid"])], int(occupant["role"] == "moderator"))


async def archive(client, seen):
    async for message in client["xep_0313"].iterate(rsm={"max": options["pageSize"]}):
        result = message["mam_result"]
        forwarded = result["forwarded"]
        minutes = int(forwarded["delay"]["stamp"].timestamp()) // 60
        seen.add([result["id"], forwarded["stanza"]["body"]], minutes)


async def connect():
    client = ClientXMPP(options["jid"] + "/bench", options["password"])
    client.ca_certs = options["caFile"]
    for plugin in ["xep_0198", *plugins[options["feature"]]]:
        client.register_plugin(plugin)
    started = client.loop.create_future()
    client.add_event_handler("session_start", lambda _: started.set_result(None))
    client.use_ipv6 = False
    client.default_port = options["port"]  # that of the addresses found for the name
    client.connect(address=("localhost", options["port"]), use_ssl=True)
    await started
    client.send_presence()
    return client


def allocated():
    for _ in range(3):
        gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def measure():
    parent = Parent(asyncio.get_running_loop())
    client = await connect()
    seen = Seen()
    work = asyncio.ensure_future({"roster": roster, "room": room, "archive": archive}[options["feature"]](client, seen))
    await asyncio.wait([work, parent.told], return_when=asyncio.FIRST_COMPLETED)
    before = allocated()
    parent.tell("measuring")
    cpu, wall = time.process_time(), time.perf_counter()
    await work
    times = {"cpuMs": (time.process_time() - cpu) * 1000, "wallMs": (time.perf_counter() - wall) * 1000}
    parent.tell({**times, "heapBytes": allocated() - before, "seen": vars(seen)})


if options["traced"]:
    tracemalloc.start()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(measure())
os._exit(0)
