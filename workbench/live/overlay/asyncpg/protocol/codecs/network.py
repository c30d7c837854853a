"""Addresses and networks of the Internet Protocol."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any

from ..codec import Context

type _Address = IPv4Address | IPv6Address | IPv4Interface | IPv6Interface
type _Network = IPv4Network | IPv6Network

_FAMILY = {4: 2, 6: 3}
_BYTES = {2: 4, 3: 16}


def encode_cidr(_: Context, value: Any) -> bytes:
    """Encode a network, or what one can be made of."""
    network = ip_network(value)
    return _encode(network.version, network.prefixlen, 1, network.network_address.packed)


def encode_inet(_: Context, value: Any) -> bytes:
    """Encode an address, with the length of its network's prefix or alone."""
    try:
        address = ip_address(value)
    except ValueError:
        interface = ip_interface(value)
        return _encode(interface.version, interface.network.prefixlen, 1, interface.packed)
    return _encode(address.version, address.max_prefixlen, 0, address.packed)


def _encode(version: int, prefix: int, is_cidr: int, address: bytes) -> bytes:
    return bytes((_FAMILY[version], prefix, is_cidr, len(address))) + address


def decode_cidr(_: Context, data: bytes) -> _Network:
    """Decode to a network."""
    prefix, address, _longest = _decode(data, as_cidr=True)
    return ip_network((address, prefix))


def decode_inet(_: Context, data: bytes) -> _Address:
    """Decode to an address, or to an interface where a part of it names the network."""
    prefix, address, longest = _decode(data, as_cidr=False)
    return ip_address(address) if prefix == longest else ip_interface((address, prefix))


def _decode(data: bytes, *, as_cidr: bool) -> tuple[int, bytes, int]:
    family, prefix, is_cidr, length = data[:4]
    if is_cidr != as_cidr:
        raise ValueError("unexpected CIDR flag set in non-cidr value")
    name = "cidr" if is_cidr else "inet"
    if family not in _BYTES:
        raise ValueError(f'invalid address family in "{name}" value')
    if prefix > _BYTES[family] * 8:
        raise ValueError(f'invalid network prefix length in "{name}" value')
    if length != _BYTES[family]:
        raise ValueError(f'invalid address length in "{name}" value')
    return prefix, data[4:], _BYTES[family] * 8
