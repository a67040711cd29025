"""Takes a picture of every page, light, dark and narrow: ``python -m tests.api.screenshots FOLDER [LANGUAGE] [PAGE…]``."""

import sys
import tempfile
from pathlib import Path

from tests.api.browser import ASKED_FIRST, choose_three, chromium, pages_of, serving, sign_in
from tests.api.full import OWN_PAGES, full_city, sign_in_as_person

CONFINED = {"own_department": ("citizens",), "own_departments": ("citizens", "innovation")}
SHAPES = {"light": (1360, 900), "dark": (1360, 900), "narrow": (390, 844)}


def main(folder: Path, language: str, only: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        world = full_city(Path(place))
        with serving(world) as base, chromium() as browser:
            for shape, (width, height) in SHAPES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if shape == "dark" else "light",
                    locale=language,
                )
                page = context.new_page()
                page.goto(f"{base}/sign-in")
                page.screenshot(path=folder / f"sign_in-{shape}.png", full_page=True)
                sign_in_as_person(page, base)
                for name, path in {**pages_of(world), **OWN_PAGES}.items():
                    if only and name not in only:
                        continue
                    page.goto(base + path)
                    page.screenshot(path=folder / f"{name}-{shape}.png", full_page=True)
                for name, act in ASKED_FIRST.items():
                    if not only or name in only:
                        choose_three(page, base, act)
                        page.screenshot(path=folder / f"{name}-{shape}.png", full_page=True)
                for name, departments in CONFINED.items():
                    if not only or name in only:
                        page.context.clear_cookies()
                        sign_in(page, base, world, secret=world.confined(*departments))
                        page.screenshot(path=folder / f"{name}-{shape}.png", full_page=True)
                context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "en", sys.argv[3:])
