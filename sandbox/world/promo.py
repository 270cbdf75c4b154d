"""The promoter's discounts and promo codes. Not bound to events: every code works everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.world.secrets import MARK


@dataclass(frozen=True, slots=True)
class Promo:
    """A percentage with the ids of its discount and its code."""

    percent: int
    discount_id: int
    promo_code_id: int
    code: str
    is_active: bool = True


PARTIAL: tuple[Promo, ...] = (
    Promo(5, 6805, 168005, "HELLO5"),
    Promo(10, 6810, 168010, "TEN"),
    Promo(15, 6815, 168015, "FRIENDS15"),
    Promo(30, 6830, 168030, "FAMILY30"),
    Promo(33, 6833, 168033, f"LICHNYJ-{MARK}33"),
    Promo(50, 6850, 168050, "HALF", is_active=False),
)
FREE = Promo(100, 6899, 168099, f"GOST-{MARK}100")
PROMOS: tuple[Promo, ...] = (*PARTIAL, FREE)
