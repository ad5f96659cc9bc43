// Values and ids are part of what a scenario's author writes with: one import is enough.
@_exported import Model
