// Values, ids, generators and vectors are part of what a scenario's author writes with: one import is enough.
@_exported import Model

@_exported import struct Hashing.SeededGenerator
@_exported import struct Vectors.FixedVector
