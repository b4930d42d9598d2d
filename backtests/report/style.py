"""The report's style: calm, printable, light and dark, colour never alone (marks differ in shape, numbers in sign)."""

STYLE = """
:root{--ink:#1b1f27;--soft:#5d6675;--line:#dfe3ea;--ground:#fff;--panel:#f6f7fa;--up:#c6272f;--down:#1d5fbf;--own:#6b3fd4;--warn:#8a5a00;--warnbg:#fff6e0}
:root[lang=en]{--up:#16794a;--down:#c0392b}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#9aa3b2;--line:#2c323d;--ground:#12151b;--panel:#1a1e26;--up:#ff6b70;--down:#6ba5ff;--own:#a98bff;--warn:#ffce70;--warnbg:#2b230f}
:root[lang=en]{--up:#4cc38a;--down:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:34px 0 10px}
p.soft,td.soft,caption{color:var(--soft)}p{margin:6px 0}
.warnings{background:var(--warnbg);color:var(--warn);border-left:4px solid currentColor;padding:10px 16px;border-radius:6px;margin:18px 0}.warnings ul{margin:6px 0 0;padding-left:20px}.warnings h2{margin:0}
.headline{font-size:34px;font-weight:650;margin:14px 0 2px}
svg{width:100%;height:auto;background:var(--panel);border-radius:8px;display:block}
svg .grid{stroke:var(--line);stroke-width:1}svg .axis{fill:var(--soft);font-size:11px}
svg polyline{fill:none;stroke-width:1.6;vector-effect:non-scaling-stroke}svg .own{stroke:var(--own)}svg .other{stroke:var(--soft);stroke-dasharray:4 3}svg .fall{fill:var(--down);fill-opacity:.28}
svg .buy{fill:var(--up)}svg .sell{fill:none;stroke:var(--down);stroke-width:1.5}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:right;padding:5px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child{text-align:left}td.why{white-space:normal;text-align:left;min-width:190px;color:var(--soft);font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:0 26px}.figures div{display:flex;justify-content:space-between;border-bottom:1px solid var(--line);padding:5px 0}.figures dt{color:var(--soft)}.figures dd{margin:0}
td.heat0{background:color-mix(in srgb,var(--down) 34%,transparent)}td.heat1{background:color-mix(in srgb,var(--down) 15%,transparent)}td.heat3{background:color-mix(in srgb,var(--up) 15%,transparent)}td.heat4{background:color-mix(in srgb,var(--up) 34%,transparent);font-weight:650}
.up{color:var(--up)}.down{color:var(--down)}
pre{background:var(--panel);padding:12px 14px;border-radius:8px;overflow-x:auto;font-size:13px;white-space:pre-wrap}
@media print{main{max-width:none;padding:0}h2{break-after:avoid}table{font-size:11px}}
"""  # noqa: E501
