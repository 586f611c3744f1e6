"""OMEMO peers that nobody here wrote: Debian's python3-omemo with both backends, driven over stdin and stdout.

One process holds any number of peers, each of which is one device. A line is one JSON object:

  to the driver    {"seq": 1, "peer": "juliet", "do": "encrypt", "with": {...}}      a command
                   {"ask": 7, "value": ...} or {"ask": 7, "failure": "text"}         the answer to a question
  from the driver  {"seq": 1, "value": ...} or {"seq": 1, "failure": {"kind", "text", "causes"}}
                   {"ask": 7, "peer": "juliet", "hook": "fetch_bundle", "with": {...}}   a question: do this on the server

Commands to one peer run one after the other, since SessionManager has no locks of its own; peers run side by side. What
the library wants of a server is asked of whoever drives this process, which thus decides about every order and loss.
The process ends with its standard input. Run it with /usr/bin/python3: that is where Debian's packages are.
"""
import asyncio
import contextvars
import itertools
import json
import sys
import xml.etree.ElementTree as ET

import doubleratchet.diffie_hellman_ratchet as dh_ratchet
import oldmemo
import oldmemo.etree
import omemo
import twomemo
import twomemo.etree
from omemo import session_manager as failures
from omemo.storage import Just, Nothing, Storage

BACKENDS = {twomemo.twomemo.NAMESPACE: twomemo.Twomemo, oldmemo.oldmemo.NAMESPACE: oldmemo.Oldmemo}
FORMATS = {twomemo.twomemo.NAMESPACE: twomemo.etree, oldmemo.oldmemo.NAMESPACE: oldmemo.etree}

# Descendants of libsignal announce the index of the last message of the previous chain instead of its length.
announces_last_index = contextvars.ContextVar("announces_last_index", default=False)
TrueHeader = dh_ratchet.Header


def dialect_header(*values, **named):
    header = TrueHeader(*values, **named)
    if not announces_last_index.get():
        return header
    return header._replace(previous_sending_chain_length=max(header.previous_sending_chain_length - 1, 0))


dh_ratchet.Header = dialect_header


def text_of(element):
    return ET.tostring(element, encoding="unicode")


class DictStorage(Storage):
    """Everything in one dictionary, which survives a restart as JSON."""

    def __init__(self, entries):
        super().__init__(disable_cache=True)
        self.entries = entries

    async def _load(self, key):
        return Just(self.entries[key]) if key in self.entries else Nothing()

    async def _store(self, key, value):
        self.entries[key] = value

    async def _delete(self, key):
        self.entries.pop(key, None)


def manager_class(ask, trusts_blindly):
    """A SessionManager whose hooks are questions; a class for each peer, as most hooks are static."""

    def parse_list(namespace, text):
        element = None if text is None else ET.fromstring(text)
        # The schema of these versions refuses a list without devices, which 0.9.1 allows.
        return {} if element is None or len(element) == 0 else FORMATS[namespace].parse_device_list(element)

    class Manager(omemo.SessionManager):
        read_list = staticmethod(parse_list)

        @staticmethod
        async def _upload_bundle(bundle):
            text = text_of(FORMATS[bundle.namespace].serialize_bundle(bundle))
            await ask("publish_bundle", version=bundle.namespace, device=bundle.device_id, xml=text)

        @staticmethod
        async def _download_bundle(namespace, bare_jid, device_id):
            text = await ask("fetch_bundle", version=namespace, jid=bare_jid, device=device_id)
            if text is None:
                raise failures.BundleNotFound(f"{bare_jid} {device_id}")
            try:
                return FORMATS[namespace].parse_bundle(ET.fromstring(text), bare_jid, device_id)
            except Exception as error:
                raise failures.BundleDownloadFailed(f"{bare_jid} {device_id}: unreadable") from error

        @staticmethod
        async def _delete_bundle(namespace, device_id):
            await ask("delete_bundle", version=namespace, device=device_id)

        @staticmethod
        async def _upload_device_list(namespace, device_list):
            text = text_of(FORMATS[namespace].serialize_device_list(device_list))
            await ask("publish_list", version=namespace, xml=text)

        @staticmethod
        async def _download_device_list(namespace, bare_jid):
            return parse_list(namespace, await ask("fetch_list", version=namespace, jid=bare_jid))

        async def _evaluate_custom_trust_level(self, device):
            return omemo.TrustLevel[device.trust_level_name]

        async def _make_trust_decision(self, undecided, identifier):
            for device in undecided if trusts_blindly else ():
                await self.set_trust(device.bare_jid, device.identity_key, omemo.TrustLevel.TRUSTED.name)

        @staticmethod
        async def _send_message(message, bare_jid):
            text = text_of(FORMATS[message.namespace].serialize_message(message))
            await ask("send", version=message.namespace, to=bare_jid, xml=text)

    return Manager


class Peer:
    """One device. Public methods are the commands; their keyword arguments are what stands in "with"."""

    def __init__(self, ask):
        self._ask = ask
        self._turn = asyncio.Lock()
        self._last_index = False

    async def run(self, name, arguments):
        async with self._turn:
            announces_last_index.set(self._last_index)
            return await getattr(self, name)(**arguments)

    async def open(self, jid, versions, entries=None, trusts_blindly=True, catching_up=False, limits=(1000, None),
                   announces_last_index=False):
        self._jid = jid
        self._last_index = announces_last_index
        self._storage = DictStorage(entries or {})
        self._backends = {name: BACKENDS[name](self._storage, *limits) for name in versions}
        self._manager = await manager_class(self._ask, trusts_blindly).create(
            list(self._backends.values()), self._storage, jid, None, omemo.TrustLevel.UNDECIDED.name)
        if not catching_up:
            await self._manager.after_history_sync()
        return await self.own()

    async def own(self):
        me, _ = await self._manager.get_own_device_information()
        bundles = {name: text_of(FORMATS[name].serialize_bundle(await backend.get_bundle(self._jid, me.device_id)))
                   for name, backend in self._backends.items()}
        return {"device": me.device_id, "identity": me.identity_key.hex(),
                "fingerprint": " ".join(self._manager.format_identity_key(me.identity_key)), "bundles": bundles}

    async def dump(self):
        return self._storage.entries

    async def devices(self, jid):
        return [{"device": each.device_id, "identity": each.identity_key.hex(), "trust": each.trust_level_name,
                 "versions": sorted(name for name, active in each.active if active)}
                for each in await self._manager.get_device_information(jid)]

    async def trust(self, jid, identity, level):
        await self._manager.set_trust(jid, bytes.fromhex(identity), level)

    async def list_changed(self, version, jid, xml):
        await self._manager.update_device_list(version, jid, self._manager.read_list(version, xml))

    async def refresh(self, version, jid):
        await self._manager.refresh_device_list(version, jid)

    async def encrypt(self, to, plaintexts, order=None):
        texts = {name: text.encode() for name, text in plaintexts.items()}
        messages, errors = await self._manager.encrypt(frozenset(to), texts, order)
        return {"messages": [{"version": message.namespace, "key": keys.key.hex(), "tag": keys.auth_tag.hex(),
                              "xml": text_of(FORMATS[message.namespace].serialize_message(message))}
                             for message, keys in messages.items()],
                "errors": [{"version": each.namespace, "jid": each.bare_jid, "device": each.device_id,
                            "kind": type(each.exception).__name__} for each in errors]}

    async def decrypt(self, sender, xml):
        element = ET.fromstring(xml)
        version = element.tag[1:].partition("}")[0]
        if version == oldmemo.oldmemo.NAMESPACE:
            message = await oldmemo.etree.parse_message(element, sender, self._jid, self._manager)
        else:
            message = twomemo.etree.parse_message(element, sender)
        plaintext, device, keys = await self._manager.decrypt(message)
        return {"version": version, "device": device.device_id, "identity": device.identity_key.hex(),
                "trust": device.trust_level_name, "key": keys.key.hex(), "tag": keys.auth_tag.hex(),
                "plaintext": None if plaintext is None else plaintext.decode()}

    async def session(self, version, jid, device):
        found = await self._backends[version].load_session(jid, device)
        return None if found is None else {
            "initiation": found.initiation.name.lower(), "confirmed": found.confirmed,
            "sent": found.sending_chain_length, "received": found.receiving_chain_length}

    async def replace_sessions(self, jid, device):
        found = next(each for each in await self._manager.get_device_information(jid) if each.device_id == device)
        return {name: type(error).__name__ for name, error in (await self._manager.replace_sessions(found)).items()}

    async def rotate(self, version):
        await self._backends[version].rotate_signed_pre_key()
        await self._publish(version)

    async def replenish(self, version, count):
        await self._backends[version].generate_pre_keys(count)
        await self._publish(version)

    async def begin_catch_up(self):
        self._manager.before_history_sync()

    async def end_catch_up(self):
        await self._manager.after_history_sync()

    async def _publish(self, version):
        me, _ = await self._manager.get_own_device_information()
        await self._manager._upload_bundle(await self._backends[version].get_bundle(self._jid, me.device_id))


def failure_of(error):
    causes, cause = [], error
    while cause is not None:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return {"kind": type(error).__name__, "text": str(error), "causes": causes}


class Driver:
    def __init__(self):
        self._peers, self._questions, self._numbers, self._tasks = {}, {}, itertools.count(1), set()

    def write(self, line):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def _asker(self, peer):
        async def ask(hook, **arguments):
            number = next(self._numbers)
            answer = self._questions[number] = asyncio.get_running_loop().create_future()
            self.write({"ask": number, "peer": peer, "hook": hook, "with": arguments})
            return await answer
        return ask

    async def _command(self, line):
        name, command = line["peer"], line["do"]
        try:
            if command == "open":  # also takes the place of what was called the same: a restart
                self._peers[name] = Peer(self._asker(name))
            if command.startswith("_") or command == "run":
                raise ValueError(f"no command: {command}")
            self.write({"seq": line["seq"], "value": await self._peers[name].run(command, line.get("with", {}))})
        except Exception as error:  # whatever happens in a library is an answer, never the end of the driver
            self.write({"seq": line["seq"], "failure": failure_of(error)})

    def _answered(self, line):
        question = self._questions.pop(line["ask"])
        if "failure" in line:
            question.set_exception(failures.XMPPInteractionFailed(line["failure"]))
        else:
            question.set_result(line.get("value"))

    async def serve(self):
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        while text := await reader.readline():
            line = json.loads(text)
            if "ask" in line:
                self._answered(line)
            else:
                task = asyncio.ensure_future(self._command(line))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


if __name__ == "__main__":
    asyncio.run(Driver().serve())
