"""Records as the real Kinesis Producer Library has put them, with explicit hash keys and without.

Source: https://github.com/awslabs/kinesis-aggregation/blob/master/python/test/test_deagg.py (Apache-2.0)
"""

from __future__ import annotations

import base64

WITH_HASH_KEYS = base64.b64decode(
    "84mawgokZmMwM2RkODgtM2U3OS00NDhhLWIwMWEtN2NmMWJkNDdiNzg0CiRjYWU0MWIxYy1lYTYxLTQzZjItOTBiZS1iODc1NWViZjg4ZTIKJGQ0"
    "OTA2OTBjLWU3NGQtNGRiMi1hM2M4LWQ4ZjJmMTg0ZmQyMwokYzkyNGJjMDktYjg1ZS00N2YxLWIzMmUtMzM2NTIyZWU1M2M4EiYzODQ4NjQ5NTg2"
    "NzUwODM5OTA3ODE1OTcyMzg0NjA1MTgwNzAyMBInMTkzNzg3NjAwMDM3NjgxNzA2OTUyMTQzMzU3MDcxOTE2MzUyNjA0EicyNjY4ODA0MzY5NjQ5"
    "MzI0MjQyNjU0NjY5MTY3MzQwNjg2ODQ0MzkSJzMzOTYwNjYwMDk0Mjk2NzM5MTg1NDYwMzU1MjQwMjAyMTg0NzI5MhomCAAQABogUkVDT1JEIDIy"
    "IHBlZW9iaGN6YnpkbXNrYm91cGd5cQoaJggBEAEaIFJFQ09SRCAyMyB1c3dreGZ0eHJvZXVzc2N4c2pobm8KGiYIAhACGiBSRUNPUkQgMjQgY2Fz"
    "ZWhkZ2l2ZmF4ZXVzdGx5c3p5ChomCAMQAxogUkVDT1JEIDI1IG52ZmZ2cG11b2dkb3BqaGFtZXZyawpRwVPQ3go0yp4Y6kvM0q3V"
)
WITHOUT_HASH_KEYS = base64.b64decode(
    "84mawgokNzhmZWIxMmEtZGJhMC00NWNhLWE5MWUtYmIxZjJmMTgxOWI0CiRjMmE3NTc4Ny00NjliLTQzMTAtODQwZC1kNDg2ZGNhN2ViNWUKJDY1"
    "MGU5MzYyLTU3MmItNDQyNy1iM2ZjLTEzNTQ5ZDdlNWFlNQokMWQ4ZDk2MDAtMDBiNy00NmYzLWE5ODMtZGU4MzQ3NzU0MGMwCiRmMmU3MThhMC0z"
    "ODliLTQ5NGEtYjc5Ni0zMzU1YjA3NTY5Y2MKJDk2NWI4ZGE0LWE2YmQtNDc1NS04MWM5LWU3MTgxYWI3ZGM5YQokZDY5M2M1ZjAtNTc3Mi00NmM5"
    "LThkODYtMDhjNzA1NWJkYjc1CiQ4ZDkyNDc2Yi1lYjg5LTRlODEtOTlmYi1jMmJhNjNhZDZkOTAaJAgAGiBSRUNPUkQgMTggaWtscnBzdnloeG5l"
    "cm9kZmVoZXJ1ChokCAEaIFJFQ09SRCAxOSBsbm1udWR5aHZwdmNncm9rZm16ZGgKGiQIAhogUkVDT1JEIDIwIHBqcXJjZmJ4YWZ6ZG5kem1iZ2Fu"
    "ZQoaJAgDGiBSRUNPUkQgMjEgYWFmcmV5cm50d3V3eGxpeWdrYmhrChokCAQaIFJFQ09SRCAyMiBxc2FhZGhic2dtdnFnZGlmZ3V5b3UKGiQIBRog"
    "UkVDT1JEIDIzIHdqb2tvaXd2enpobGZ0bHpocWZqawoaJAgGGiBSRUNPUkQgMjQgem9wY2FzY3J0aGJicG5qaXd1aGpiChokCAcaIFJFQ09SRCAy"
    "NSB0eGJidm5venJ3c2JveHVvbXFib3EKvV1rrLdU+Sy2v8xkgZ5YaA=="
)
RECORDED = (
    (
        WITH_HASH_KEYS,
        [
            b"RECORD 22 peeobhczbzdmskboupgyq\n",
            b"RECORD 23 uswkxftxroeusscxsjhno\n",
            b"RECORD 24 casehdgivfaxeustlyszy\n",
            b"RECORD 25 nvffvpmuogdopjhamevrk\n",
        ],
    ),
    (
        WITHOUT_HASH_KEYS,
        [
            b"RECORD 18 iklrpsvyhxnerodfeheru\n",
            b"RECORD 19 lnmnudyhvpvcgrokfmzdh\n",
            b"RECORD 20 pjqrcfbxafzdndzmbgane\n",
            b"RECORD 21 aafreyrntwuwxliygkbhk\n",
            b"RECORD 22 qsaadhbsgmvqgdifguyou\n",
            b"RECORD 23 wjokoiwvzzhlftlzhqfjk\n",
            b"RECORD 24 zopcascrthbbpnjiwuhjb\n",
            b"RECORD 25 txbbvnozrwsboxuomqboq\n",
        ],
    ),
)
