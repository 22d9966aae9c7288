"""`awsglue.transforms`: the class form of DynamicFrame's methods."""

from __future__ import annotations

from typing import Any, NoReturn

from awsglue.dynamicframe import DynamicFrame


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotImplementedError(f"awsglue.transforms.{name} does not exist in the local cloud")


class ApplyMapping:
    @staticmethod
    def apply(frame: DynamicFrame, mappings: Any, transformation_ctx: str = "") -> DynamicFrame:
        return frame.apply_mapping(mappings)


class SelectFields:
    @staticmethod
    def apply(frame: DynamicFrame, paths: Any, transformation_ctx: str = "") -> DynamicFrame:
        return frame.select_fields(paths)


class DropFields:
    @staticmethod
    def apply(frame: DynamicFrame, paths: Any, transformation_ctx: str = "") -> DynamicFrame:
        return frame.drop_fields(paths)


class DropNullFields:
    @staticmethod
    def apply(frame: DynamicFrame, transformation_ctx: str = "") -> DynamicFrame:
        return frame.drop_nulls()


class RenameField:
    @staticmethod
    def apply(frame: DynamicFrame, old_name: str, new_name: str, transformation_ctx: str = "") -> DynamicFrame:
        return frame.rename_field(old_name, new_name)


class ResolveChoice:
    @staticmethod
    def apply(frame: DynamicFrame, specs: Any = None, choice: str = "", transformation_ctx: str = "") -> DynamicFrame:
        return frame.resolveChoice(specs, choice)


class Filter:
    @staticmethod
    def apply(frame: DynamicFrame, f: Any, transformation_ctx: str = "") -> DynamicFrame:
        return frame.filter(f)


class Map:
    @staticmethod
    def apply(frame: DynamicFrame, f: Any, transformation_ctx: str = "") -> DynamicFrame:
        return frame.map(f)


class Join:
    @staticmethod
    def apply(
        frame1: DynamicFrame, frame2: DynamicFrame, keys1: Any, keys2: Any, transformation_ctx: str = ""
    ) -> DynamicFrame:
        return frame1.join(keys1, keys2, frame2)
