typedef int collect_placeholder;
