"""Sealed texts: read with any key of the ring, by their purpose and owner only, and never changed unseen."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tracker import keyring
from tracker.keyring import Keyring, NotUnsealed, key_name

OLD, NEW = "k3Yq8vN3rTz1LxWc5bKd7MfJh2PsUeAo", "Zt5uB9wE2xR7yG4nH8mJ1kL6pQ3sVcDa"
TEXT = "JBSWY3DPEHPK3PXP"


def sealed(ring, **more):
    return ring.seal(TEXT, **{"purpose": "apps", "owner": "ana", **more})


def opened(ring, text, **more):
    return ring.unseal(text, **{"purpose": "apps", "owner": "ana", **more})


def test_what_is_sealed_is_read_again_and_never_looks_the_same():
    ring = Keyring((NEW,))

    first, second = sealed(ring), sealed(ring)

    assert opened(ring, first) == opened(ring, second) == TEXT
    assert first != second
    assert TEXT not in first


def test_a_key_of_before_reads_and_does_not_seal():
    before, both, after = Keyring((OLD,)), Keyring((NEW, OLD)), Keyring((NEW,))
    text = sealed(before)

    assert opened(both, text) == TEXT
    assert not both.is_newest(text)
    assert both.is_newest(sealed(both))
    assert opened(after, sealed(both)) == TEXT
    with pytest.raises(NotUnsealed):
        opened(after, text)


@pytest.mark.parametrize("other", [{"owner": "ben"}, {"purpose": "links"}])
def test_for_another_owner_or_purpose_it_is_worth_nothing(other):
    ring = Keyring((NEW,))

    with pytest.raises(NotUnsealed):
        opened(ring, sealed(ring), **other)


def test_every_changed_bit_is_noticed():
    ring = Keyring((NEW,))
    head, _, body = sealed(ring).rpartition(".")
    raw = base64.urlsafe_b64decode(body)

    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(NotUnsealed):
            opened(ring, f"{head}.{base64.urlsafe_b64encode(changed).decode()}")


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "gcm1", "gcm1.x.y", "gcm2.{name}.AAAA", "gcm1.{name}.", "gcm1.{name}.\u00e9", "{{}}"],
)
def test_what_was_never_sealed_is_refused(text):
    ring = Keyring((NEW,))

    with pytest.raises(NotUnsealed):
        opened(ring, text.format(name=ring.newest))


def test_the_name_of_a_key_is_not_the_key():
    ring = Keyring((NEW,))

    assert key_name(sealed(ring)) == ring.newest
    assert len(ring.newest) == 12
    assert key_name("{}") == ""


def test_another_way_to_encrypt_takes_over_and_the_old_one_is_still_read(monkeypatch):
    ring = Keyring((NEW,))
    text = sealed(ring)
    monkeypatch.setitem(keyring.WAYS, "poly1", ChaCha20Poly1305)
    monkeypatch.setattr(keyring, "WAY", "poly1")

    fresh = sealed(ring)

    assert fresh.startswith("poly1.")
    assert opened(ring, fresh) == opened(ring, text) == TEXT
    assert not ring.is_newest(text)
