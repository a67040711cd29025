"""Names and faults of a small city."""

DEPARTMENTS = {
    "innovation": (
        "Gerència d'Innovació i Transició Digital",
        "Gerencia de Innovación y Transición Digital",
        "Innovation and Digital Transition",
    ),
    "safety": ("Gerència de Seguretat i Prevenció", "Gerencia de Seguridad y Prevención", "Safety and Prevention"),
    "mobility": (
        "Gerència de Mobilitat i Infraestructures",
        "Gerencia de Movilidad e Infraestructuras",
        "Mobility and Infrastructure",
    ),
    "citizens": ("Gerència d'Atenció Ciutadana", "Gerencia de Atención Ciudadana", "Citizen Services"),
    "people": ("Gerència de Persones", "Gerencia de Recursos Humanos", "Human Resources"),
    "foundations": ("Fundacions municipals", "Fundaciones municipales", "Municipal foundations"),
}
SERVICES = {
    "e_office": (
        "citizens",
        "ALTA",
        "Administració electrònica i tràmits",
        "Administración electrónica y trámites",
        "E-administration and online procedures",
    ),
    "city_web": ("citizens", "MEDIA", "Web i aplicació de la ciutat", "Web y aplicación de la ciudad", "City web and app"),
    "open_data": (
        "innovation",
        "MEDIA",
        "Portal únic de dades obertes",
        "Portal único de datos abiertos",
        "One-stop open-data portal",
    ),
    "workplace": ("innovation", "MEDIA", "Lloc de treball digital", "Puesto de trabajo digital", "Digital workplace"),
    "police": ("safety", "ALTA", "Guàrdia Urbana", "Policía Municipal", "Municipal police"),
    "traffic": ("mobility", "ALTA", "Mobilitat", "Movilidad", "Mobility"),
    "hr": ("people", "MEDIA", "Recursos humans", "Recursos humanos", "Human resources"),
    "museums": ("foundations", "BASICA", "Teatre, esports i museu", "Teatro, deportes y museo", "Theatre, sports and museum"),
}
HOSTS = {
    "e_office": ["seu", "signatura", "registre-api"],
    "city_web": ["www", "gestor-continguts", "app-api"],
    "open_data": ["dades", "cercador"],
    "workplace": ["directori", "fitxers-01", "impressora-planta2"],
    "police": ["gub-registres", "gub-bd", "camera-placa"],
    "traffic": ["semafors-ctl-07", "sala-control", "aparcaments"],
    "hr": ["nomines", "portal-personal"],
    "museums": ["teatre", "museu-entrades", "esports"],
}
FAULTS = {
    "TLS-002": (60.0, 443, {"protocols": ["TLSv1", "TLSv1.1", "TLSv1.2"]}, {"protocols": ["TLSv1.2", "TLSv1.3"]}),
    "CERT-001": (70.0, 443, {"not_after": "2026-11-02T00:00:00Z", "days_left": -21}, {"days_left": "at least 0"}),
    "WEB-001": (55.0, 80, {"redirects_to_https": False, "status": 200}, {"redirects_to_https": True}),
    "WEB-003": (25.0, 443, {"content_security_policy": None}, {"content_security_policy": "set"}),
    "SSH-003": (45.0, 22, {"weak_ciphers": ["3des-cbc", "aes128-cbc"]}, {"weak_ciphers": []}),
    "NET-001": (82.0, 23, {"service": "telnet", "open": True}, {"open": False}),
    "DB-001": (90.0, 6379, {"asks_for_a_password": False}, {"asks_for_a_password": True}),
    "TLS-001": (85.0, 8443, {"protocols": ["SSLv3", "TLSv1.2"]}, {"protocols": ["TLSv1.2", "TLSv1.3"]}),
}
