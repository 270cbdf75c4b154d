"""The optional personal data of an order: card, comments, answers to questions, a company's papers."""

from __future__ import annotations

from random import Random

from sandbox.world import secrets
from sandbox.world.people import POOL
from sandbox.world.randomness import happens
from sandbox.world.sales import Basket, Order
from sandbox.world.secrets import MARK

_CUSTOM_SHARE, _ANSWER_SHARE, _ROISTAT_SHARE, _COMPANY_SHARE, _COMMENT_SHARE = 0.03, 0.03, 0.05, 0.02, 0.03


def add_extras(rng: Random, order: Order) -> None:
    tag = f"{MARK}{order.id}"
    if order.payment_type == "card" and order.price > 0 and order.payed_at:
        order.card_mask = secrets.card_mask(rng.randrange(10_000))
    if happens(rng, _CUSTOM_SHARE):
        order.custom = f"Позвоните мне {tag}"
    if happens(rng, _ANSWER_SHARE):
        order.answers = [f"Ответ {tag}"]
    if happens(rng, _ROISTAT_SHARE):
        order.roistat_visit = f"visit-{tag}"
    for basket in order.baskets:
        if happens(rng, _COMPANY_SHARE):
            _add_company(rng, basket)
        if happens(rng, _COMMENT_SHARE):
            basket.comment = f"Комментарий {MARK}{basket.id}"


def _add_company(rng: Random, basket: Basket) -> None:
    number = rng.randrange(POOL)
    tag = f"{MARK}{number:05d}"
    basket.organization_name = f"Ромашка-{tag}"
    basket.legal_name = f"ООО «Ромашка-{tag}»"
    basket.work_position = f"Директор-{tag}"
    basket.inn = secrets.inn(number)
    basket.kpp = secrets.kpp(number)
