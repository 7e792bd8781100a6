typedef int web_placeholder;
