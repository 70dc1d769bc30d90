"""How the model server (model_server.py) answers who wants vectors of texts.

Without `vectors` in the script a text's is made of its words: texts that share some are near each other.
"""

import json
import re
import zlib


class GeminiTexts:
    @staticmethod
    def texts(body):
        return [part["text"] for one in body["requests"] for part in one["content"]["parts"]]

    @staticmethod
    def streams(*_):
        return False

    @staticmethod
    def prompt(body):
        return "\n".join(GeminiTexts.texts(body))

    @staticmethod
    def schema(_):
        return None

    @staticmethod
    def answer(call, reply, _):
        return {"embeddings": [{"values": one} for one in vectors_of(GeminiTexts.texts(call["body"]), reply)]}


class OpenAiTexts:
    @staticmethod
    def streams(*_):
        return False

    @staticmethod
    def prompt(body):
        return "\n".join(body["input"])

    @staticmethod
    def schema(_):
        return None

    @staticmethod
    def answer(call, reply, _):
        made = list(enumerate(vectors_of(call["body"]["input"], reply)))
        used = reply.get("usage", [len(json.dumps(call["body"])) // 4])[0]
        return {"object": "list", "model": call["model"], "usage": {"prompt_tokens": used, "total_tokens": used},
                "data": [{"object": "embedding", "index": index, "embedding": one} for index, one in reversed(made)]}


def vectors_of(texts, reply):
    if "vectors" in reply:
        return reply["vectors"]
    made = []
    for text in texts:
        vector = [0.01] * 64
        for word in re.findall(r"\w{4,}", text.lower()):
            vector[zlib.crc32(word.encode()) % 64] += 1
        made.append(vector)
    return made
