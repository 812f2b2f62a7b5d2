"""A second verifier of the event store's format, written from docs/formats.md alone.

It shares no code and no language with the first, so that the page is known to be complete: what it
does not say cannot be checked here. It recomputes everything that needs no key: envelopes, marks,
headers, payload digests, commitments, predecessors, the accumulator, seals, footers, husks and
signatures. Usage: verify_store.py DIRECTORY [CHECKPOINT]; exits with 4 and a sentence for a fault.
"""

import base64
import json
import pathlib
import struct
import sys

from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ZERO32 = bytes(32)


class Fault(Exception):
    """What is wrong, and where."""


def derive(context, data):
    return blake3(data, derive_key_context=context).digest()


def crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Reader:
    """Values from bytes, in order."""

    def __init__(self, data, at=0, end=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def take(self, count):
        if self.at + count > self.end:
            raise Fault(f"a value of {count} bytes at {self.at} goes beyond {self.end}")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count, signed=False):
        return int.from_bytes(self.take(count), "little", signed=signed)

    def varint(self):
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if shift and byte == 0 or value >> 64:
                    raise Fault(f"a varint before {self.at} is not in its shortest form")
                return value
            shift += 7
            if shift > 63:
                raise Fault(f"a varint before {self.at} is too long")

    def prefixed(self):
        return self.take(self.varint())


def small_file(data, kind, name):
    if len(data) < 56 or data[:7] != b"LARDFIL" or data[7] != kind:
        raise Fault(f"{name}: not a small file of kind {kind}")
    if struct.unpack_from("<H6s", data, 8) != (1, bytes(6)):
        raise Fault(f"{name}: another format")
    size = struct.unpack_from("<Q", data, 16)[0]
    if len(data) < 24 + size + 32:
        raise Fault(f"{name}: ends early")
    if blake3(data[: 24 + size]).digest() != data[24 + size : 56 + size]:
        raise Fault(f"{name}: its hash is not that of its bytes")
    return data[24 : 24 + size]


class Accumulator:
    def __init__(self):
        self.count, self.peaks = 0, []

    def add(self, leaf):
        top, rest = leaf, self.count
        while rest & 1:
            top = derive("larder 1 accumulator node", self.peaks.pop() + top)
            rest >>= 1
        self.peaks.append(top)
        self.count += 1

    @property
    def root(self):
        return derive(
            "larder 1 accumulator root", struct.pack("<Q", self.count) + b"".join(self.peaks)
        )


def check_signature(key, signature, message, what):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Fault(f"{what}: its signature does not hold") from None


def signed_root(lineage, count, root):
    return b"larder 1 root signature\0" + lineage + struct.pack("<Q", count) + root


class Header:
    def __init__(self, data):
        reader = Reader(data)
        self.bytes = data
        self.sequence = reader.number(8)
        self.id = reader.take(16)
        self.time = reader.number(8, signed=True)
        self.kind = reader.number(2)
        self.version = reader.number(2)
        flags = reader.number(2)
        if flags >> 9:
            raise Fault(f"event {self.sequence}: unknown flags")
        self.genesis, self.fork, self.batched, self.fenced = (flags >> i & 1 for i in range(4))
        self.stream_sequence = reader.varint()
        self.lane = reader.varint()
        self.entity = reader.prefixed()
        self.scope = reader.prefixed()
        self.payload_bytes = reader.varint()
        self.before = None if self.genesis else (reader.varint(), reader.take(32))
        self.batch = (reader.varint(), reader.varint()) if self.batched else None
        self.fence = self.sequence - reader.varint() if self.fenced else None
        if flags >> 4 & 1:
            reader.prefixed()
        if flags >> 5 & 1:
            reader.take(16)
        if flags >> 6 & 1:
            reader.take(16)
        if flags >> 7 & 1:
            for _ in range(reader.varint()):
                reader.prefixed(), reader.prefixed()
        self.sealed = (reader.take(16), reader.number(4), reader.take(24)) if flags >> 8 else None
        if reader.at != reader.end:
            raise Fault(f"event {self.sequence}: its header goes on behind its end")


class Store:
    def __init__(self, directory):
        self.directory = directory
        meta = Reader(small_file(self.read("store.larder"), 1, "store.larder"))
        self.lineage = meta.take(16)
        self.origins = []
        if (directory / "origin.larder").exists():
            origin = Reader(small_file(self.read("origin.larder"), 12, "origin.larder"))
            for _ in range(origin.number(1)):
                self.origins.append((origin.take(16), origin.number(8), origin.take(32)))
        self.accumulator = Accumulator()
        self.roots = {0: self.accumulator.root}
        # Of each lane of an entity: sequence and commitment of its last event, sequence in the lane.
        self.heads = {}
        # By sequence and commitment, the entity; and the commitments of husks without a header.
        self.known, self.bare_husks = {}, {}
        self.events = self.husks = 0
        self.husk_hashes, self.husk_counts, self.removals = {}, {}, {}
        self.last_id, self.last_time = bytes(16), None
        self.batch = None

    def read(self, name):
        return (self.directory / name).read_bytes()

    def lineage_at(self, sequence):
        for lineage, last, _ in self.origins:
            if sequence <= last:
                return lineage
        return self.lineage

    def in_force(self):
        """The segments that count: from each sequence on, that of the highest generation."""
        found = {}
        for file in (self.directory / "segments").iterdir():
            if file.suffix == ".segment":
                first, generation = (int(part, 16) for part in file.stem.split("-"))
                found.setdefault(first, []).append((generation, file))
        next_first, chosen = 1, []
        while next_first in found:
            generation, file = max(found[next_first])
            chosen.append((next_first, generation, file))
            footer = self.footer(file.read_bytes(), file.name)
            for first in [f for f in found if f <= next_first]:
                del found[first]
            if footer is None:
                break
            first, count = struct.unpack_from("<QQ", footer[0], 16)
            next_first = first + count
            for inner in [f for f in found if f < next_first]:
                if max(found[inner])[0] >= generation:
                    raise Fault(f"{file.name}: what it covers has no lower generation")
                del found[inner]
        if found:
            raise Fault(f"segment {min(found):x}: nothing leads up to it")
        if not chosen:
            raise Fault("segments: there is none")
        return chosen

    @staticmethod
    def footer(data, name):
        """The payload of a sealed segment's footer and where the footer begins, or nothing."""
        if data[-8:] != b"LARDEND\x01":
            return None
        size = struct.unpack_from("<Q", data, len(data) - 16)[0]
        start = len(data) - 16 - size
        if start < 128:
            raise Fault(f"{name}: its footer would begin at {start}")
        return small_file(data[start : len(data) - 16], 2, f"{name}, footer"), start

    def verify(self):
        chosen = self.in_force()
        for index, (first, generation, file) in enumerate(chosen):
            is_last = index == len(chosen) - 1
            self.segment(file.read_bytes(), file.name, first, generation, is_last)
        for number, (count, digest) in self.removals.items():
            if self.husk_counts.get(number, 0) != count or (
                count and self.husk_hashes[number] != digest
            ):
                raise Fault(f"removal {number}: the husks are not those of its record")
        for number in self.husk_counts:
            if number not in self.removals:
                raise Fault(f"removal {number}: it has husks and no record")
        for lineage, last, root in self.origins:
            if self.roots.get(last) != root:
                raise Fault(f"origin {lineage.hex()}: its root is not that of its events")

    def segment(self, data, name, first, generation, is_last):
        head = Reader(data[:128])
        if head.take(8) != b"LARDSEG\x01" or head.number(2) != 1 or head.number(2):
            raise Fault(f"{name}: not a segment")
        if crc32c(data[:112]) != struct.unpack_from("<I", data, 112)[0] or any(data[116:128]):
            raise Fault(f"{name}: its header is damaged")
        if head.number(4) != generation:
            raise Fault(f"{name}: its header has another generation")
        lineage = head.take(16)
        if lineage != self.lineage_at(first):
            raise Fault(f"{name}: it is of another store")
        if head.number(8) != first or self.accumulator.count != first - 1:
            raise Fault(f"{name}: it does not follow event {self.accumulator.count}")
        head.number(8)
        if head.take(32) != self.accumulator.root:
            raise Fault(f"{name}: its root is not that of the events before it")
        signer = head.take(32)
        footer = self.footer(data, name)
        if footer is None and (generation or not is_last):
            raise Fault(f"{name}: it has no footer")
        end = footer[1] if footer else len(data)
        ended = self.frames(data, name, first, generation, end, signer)
        if footer:
            self.compare(footer[0], name, first, generation, lineage, signer, ended)

    def frames(self, data, name, first, generation, end, signer):
        """Every group up to the end; returns where the last mark ends, its number and its chain."""
        at, chain, group, last = 128, 0, 0, (128, 0, 0)
        self.offsets = []
        self.first_covered = None
        pending = []
        while at + 8 <= end:
            size, checksum = struct.unpack_from("<II", data, at)
            if size == 0:
                break
            if at + 8 + size > end:
                raise Fault(f"{name}, offset {at}: the frame goes beyond the end")
            body = data[at + 8 : at + 8 + size]
            if crc32c(struct.pack("<QIIQ", first, size, generation, at) + body) != checksum:
                raise Fault(f"{name}, offset {at}: the checksum is another")
            if body[0] == 2:
                _, number, durable, sequence, told = struct.unpack("<BQQQI", body)
                if number != group + 1 or told != chain or generation and durable:
                    raise Fault(f"{name}, offset {at}: the mark does not follow")
                for offset, frame in pending:
                    self.offsets.append(offset)
                    self.record(frame, f"{name}, offset {offset}", signer)
                pending = []
                if sequence != self.accumulator.count:
                    raise Fault(f"{name}, offset {at}: the mark names event {sequence}")
                group, last = number, (at + 8 + size, number, chain)
            else:
                chain = crc32c(struct.pack("<II", checksum, chain))
                pending.append((at, body))
            at += 8 + size
        if pending:
            raise Fault(f"{name}, offset {pending[0][0]}: a group without its mark")
        if any(data[at:end]):
            raise Fault(f"{name}, offset {at}: there is something behind the last frame")
        return last

    def record(self, body, place, signer):
        if body[0] == 1:
            commitment = self.event(body, place, signer)
        elif body[0] == 3:
            commitment = self.husk(body, place, signer)
        else:
            raise Fault(f"{place}: a frame of kind {body[0]}")
        self.accumulator.add(commitment)
        if any(self.accumulator.count == last for _, last, _ in self.origins):
            self.roots[self.accumulator.count] = self.accumulator.root

    def event(self, body, place, signer):
        reader = Reader(body, 1)
        flags = reader.number(1)
        header = Header(reader.prefixed())
        commitment = reader.take(32)
        payload = reader.take(header.payload_bytes)
        signature = reader.take(64) if flags & 1 else None
        if reader.at != reader.end or flags >> 1:
            raise Fault(f"{place}: the event goes on behind its end")
        digest = blake3(payload).digest()
        if derive("larder 1 event commitment", header.bytes + digest) != commitment:
            raise Fault(f"{place}: event {header.sequence} has another commitment")
        if signature:
            check_signature(signer, signature, b"larder 1 event signature\0" + commitment, place)
        self.follow(header, commitment, place)
        self.events += 1
        if header.kind == 0x0006:
            record = json.loads(payload)
            self.removals[record["number"]] = (record["count"], bytes.fromhex(record["hash"]))
        return commitment

    def follow(self, header, commitment, place):
        if header.sequence != self.accumulator.count + 1:
            raise Fault(f"{place}: event {header.sequence} follows {self.accumulator.count}")
        if header.id <= self.last_id:
            raise Fault(f"{place}: the id does not grow")
        if self.last_time is not None and header.time < self.last_time:
            raise Fault(f"{place}: the time goes back")
        self.last_id, self.last_time = header.id, header.time
        lane = (header.entity, header.lane)
        head = self.heads.get(lane)
        number = header.stream_sequence
        after = head[0] if head else 0
        if not header.fork and self.is_bare_husk(header.before) and header.before[0] > after:
            # Some of the lane was removed without a trace; how many is not known.
            if number < (2 if head is None else head[2] + 2):
                raise Fault(f"{place}: its number in the lane does not follow")
        elif head is None:
            self.begin(header, place)
        elif header.genesis:
            raise Fault(f"{place}: a genesis in mid-stream")
        elif header.before != head[:2]:
            raise Fault(f"{place}: it names another predecessor than event {head[0]}")
        elif number != head[2] + 1:
            raise Fault(f"{place}: its number in the lane does not follow")
        self.heads[lane] = (header.sequence, commitment, number)
        self.known[header.sequence, commitment] = header.entity

    def is_bare_husk(self, before):
        """Whether a predecessor was removed without a trace but its commitment."""
        return before is not None and self.bare_husks.get(before[0]) == before[1]

    def begin(self, header, place):
        """Checks the first event of a lane, which follows nothing, or a place in another lane."""
        if header.fork:
            if not header.lane or header.before is None or header.before[0] >= header.sequence:
                raise Fault(f"{place}: the lane begins nowhere")
            known = self.known.get(header.before) == header.entity
            if not known and not self.is_bare_husk(header.before):
                raise Fault(f"{place}: the lane begins at an event that is not there")
        elif not header.genesis:
            raise Fault(f"{place}: the first of its lane names a predecessor")
        if header.stream_sequence != 1:
            raise Fault(f"{place}: the first of its lane has another number")

    def husk(self, body, place, signer):
        reader = Reader(body, 1)
        flags = reader.number(1)
        sequence, removal, commitment = reader.number(8), reader.number(8), reader.take(32)
        if sequence != self.accumulator.count + 1:
            raise Fault(f"{place}: husk {sequence} follows {self.accumulator.count}")
        if flags & 2:
            header, digest = Header(reader.prefixed()), reader.take(32)
            if derive("larder 1 event commitment", header.bytes + digest) != commitment:
                raise Fault(f"{place}: husk {sequence} has another commitment")
            if flags & 1:
                signature = reader.take(64)
                check_signature(
                    signer, signature, b"larder 1 event signature\0" + commitment, place
                )
            self.follow(header, commitment, place)
        else:
            self.bare_husks[sequence] = commitment
        if reader.at != reader.end:
            raise Fault(f"{place}: the husk goes on behind its end")
        before = self.husk_hashes.get(removal, ZERO32)
        self.husk_hashes[removal] = derive(
            "larder 1 removal", before + struct.pack("<Q", sequence) + commitment
        )
        self.husk_counts[removal] = self.husk_counts.get(removal, 0) + 1
        self.husks += 1
        return commitment

    def compare(self, footer, name, first, generation, lineage, signer, ended):
        covered, count, end, group, chain = (
            *struct.unpack_from("<QQQQ", footer, 16),
            struct.unpack_from("<I", footer, 48)[0],
        )
        told = (struct.unpack_from("<Q", footer, 0)[0], struct.unpack_from("<I", footer, 8)[0])
        if told != (first, generation) or (end, group, chain) != ended:
            raise Fault(f"{name}: its footer is of another segment")
        if covered + count != self.accumulator.count + 1 or count != len(self.offsets):
            raise Fault(f"{name}: its footer counts other events")
        if footer[112:144] != self.accumulator.root:
            raise Fault(f"{name}: the root of its seal is not that of the events")
        if any(footer[144:208]):
            message = signed_root(lineage, self.accumulator.count, self.accumulator.root)
            check_signature(signer, footer[144:208], message, f"{name}, seal")
        start, size = struct.unpack_from("<QQ", footer, 208)
        if footer[start : start + size] != b"".join(self.accumulator.peaks):
            raise Fault(f"{name}: the peaks in its footer are others")
        start, size = struct.unpack_from("<QQ", footer, 224)
        if list(struct.unpack_from(f"<{size // 4}I", footer, start)) != self.offsets:
            raise Fault(f"{name}: the offsets in its footer are others")

    def witness(self, text):
        """Compares a checkpoint that somebody kept."""
        reader = Reader(small_file(base64.b64decode(text), 5, "checkpoint"))
        lineage, count, root, time = (
            reader.take(16),
            reader.number(8),
            reader.take(32),
            reader.number(8),
        )
        if reader.number(1):
            key, signature = reader.take(32), reader.take(64)
            message = signed_root(lineage, count, root)
            check_signature(key, signature, message, "checkpoint")
        return lineage, count, root, time


def main(arguments):
    store = Store(pathlib.Path(arguments[0]))
    if len(arguments) > 1:
        lineage, count, root, _ = store.witness(pathlib.Path(arguments[1]).read_text())
        store.origins.append((lineage, count, root))
    store.verify()
    print(
        f"{store.events} events and {store.husks} husks hold, root {store.accumulator.root.hex()}"
    )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Fault, struct.error, ValueError, OSError) as fault:
        print(f"fault: {fault}")
        sys.exit(4)
