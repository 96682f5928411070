"""Recovery shares on paper: one sheet for each person, with words, QR code and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from archive_service.vault import Share

STYLE = """
body { font: 12pt/1.6 serif; margin: 0; color: #111; background: #fff }
section { padding: 2cm; page-break-after: always; max-width: 17cm; margin: auto }
h1 { font-size: 18pt } ol { columns: 3; font-size: 14pt } svg { width: 6cm; height: 6cm }
dt { font-weight: bold } p.warn { border: 2px solid #111; padding: .5cm }
"""


def share_sheets(shares: Sequence[Share], archive_name: str, made_on: str) -> str:
    """Return a page of HTML, complete in itself, that prints as one sheet for each share."""
    sheets = "".join(_sheet(share, archive_name, made_on) for share in shares)
    head = f'<meta charset="utf-8"><title>恢复份 Recovery shares</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body>{sheets}</body></html>\n'


def _sheet(share: Share, archive_name: str, made_on: str) -> str:
    words = "".join(f"<li>{escape(word)}</li>" for word in share.words.split())
    return f"""<section>
<h1>恢复份 Recovery share {share.number} / {share.of}</h1>
<p>{escape(archive_name)} · {escape(made_on)} · {share.install_id[:12]} · 根密钥 root key {share.root}</p>
<p class="warn">任意 {share.threshold} 份合在一起即可打开全部档案。请单独密封保管，切勿拍照或存入计算机。<br>
Any {share.threshold} of these sheets together open the whole archive. Keep each apart, sealed; never photograph it
or put it into a computer.</p>
<ol>{words}</ol>
{share.qr_svg()}
<dl><dt>用法 Use</dt><dd>archive-service vault recover（SLIP-39；每个词的前四个字母即可辨认 the first four letters of
each word are enough to tell it）</dd>
<dt>保管人 Keeper</dt><dd>________________________ 日期 Date ________________</dd></dl>
</section>
"""
