"""The four-property check (真实性 完整性 可用性 安全性): its items, its machine checks, its reports."""
