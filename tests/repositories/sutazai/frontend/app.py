import os

import requests
import streamlit as st

BACKEND = os.environ.get("BACKEND_URL", "http://backend:8000")

st.title("SutazAI")
question = st.text_input("Question")
if question:
    answer = requests.post(f"{BACKEND}/api/v1/chat/web", params={"text": question}, timeout=30)
    st.json(answer.json())
