"""What templates may call: icons, and how values look. The work is done in runs/web/."""

from django import template

from runs.web import icons, show
from runs.web.log_text import visible
from runs.web.said import said

register = template.Library()

register.simple_tag(icons.sprite)
register.simple_tag(icons.icon)
register.simple_tag(show.status, name="status")
register.simple_tag(show.model_status, name="model_status")
register.simple_tag(show.moment, name="moment")
register.simple_tag(show.lasting, name="lasting")
register.simple_tag(show.tag, name="tag")
register.simple_tag(said, name="said")
register.filter("number", show.number)
register.filter("size", show.size)
register.filter("grouped", show.grouped)
register.filter("duration", show.duration)
register.filter("clipped", show.clipped)
register.filter("excerpt", show.excerpt)
register.filter("visible", visible)
